import { useComputedColorScheme } from "@mantine/core";
import { DARK, LIGHT, type Palette } from "../graph/palette";

/** The colours of the chosen theme, for what is drawn on canvas. */
export function usePalette(): Palette {
  return useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark" ? DARK : LIGHT;
}
