import type { Tone } from "./overlay";

export const FONT = '"Inter Variable", system-ui, sans-serif';

/** The colours of the product, for canvas and CSS alike. Text tones meet 4.5:1 on `surface` and `page`. */
export interface Palette {
  page: string;
  surface: string;
  raised: string;
  border: string;
  strong: string;
  text: string;
  dim: string;
  accent: string;
  accentSoft: string;
  tones: Record<Tone, string>;
  softs: Record<Tone, string>;
  /** Fill of a namespace box, under the nodes. */
  box: string;
}

export const LIGHT: Palette = {
  page: "#f4f6f9",
  surface: "#ffffff",
  raised: "#f8f9fb",
  border: "#dfe4ea",
  strong: "#b9c2cd",
  text: "#18202b",
  dim: "#566273",
  accent: "#2f56c8",
  accentSoft: "#e6ecfb",
  tones: { good: "#1b7a4d", warn: "#965800", bad: "#c62435", plain: "#4a659c", muted: "#626e7d" },
  softs: { good: "#e2f4ea", warn: "#fdf0d8", bad: "#fde6e8", plain: "#e8eef9", muted: "#edf0f3" },
  box: "#eaeef4",
};

export const DARK: Palette = {
  page: "#0d1117",
  surface: "#151b23",
  raised: "#1b222c",
  border: "#29323e",
  strong: "#475363",
  text: "#e7ebf1",
  dim: "#9ba7b6",
  accent: "#86a8ff",
  accentSoft: "#1c2a4d",
  tones: { good: "#4cc38a", warn: "#e8ab45", bad: "#ff7a82", plain: "#8daaea", muted: "#8c98a8" },
  softs: { good: "#13301f", warn: "#33260c", bad: "#3b171b", plain: "#1a2742", muted: "#212a35" },
  box: "#121820",
};
