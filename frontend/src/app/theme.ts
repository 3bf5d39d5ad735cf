import {
  ActionIcon,
  Badge,
  Button,
  Checkbox,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  MultiSelect,
  NumberInput,
  Popover,
  SegmentedControl,
  Select,
  Switch,
  Table,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { DARK, FONT, LIGHT, type Palette } from "../graph/palette";

const mesh: MantineColorsTuple = [
  "#eef2fd",
  "#dbe3fa",
  "#b6c6f5",
  "#8fa8f0",
  "#6c8cea",
  "#4f74e0",
  "#3b63d9",
  "#2f56c8",
  "#2646a8",
  "#1d3785",
];

/** Greys with the blue of the dark palette in them, from text down to the darkest ground. */
const dark: MantineColorsTuple = [
  "#e7ebf1",
  "#c3ccd8",
  "#9ba7b6",
  "#6f7b8a",
  "#364150",
  "#29323e",
  "#1b222c",
  "#151b23",
  "#10161d",
  "#0d1117",
];

const small = { defaultProps: { size: "xs" } } as const;

export const theme = createTheme({
  fontFamily: FONT,
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, "DejaVu Sans Mono", monospace',
  colors: { mesh, dark },
  primaryColor: "mesh",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "sm",
  cursorType: "pointer",
  headings: {
    fontWeight: "620",
    sizes: { h1: { fontSize: "1.25rem" }, h2: { fontSize: "1.05rem" }, h3: { fontSize: "0.9rem" } },
  },
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Badge: Badge.extend({ defaultProps: { radius: "sm", variant: "light" } }),
    Button: Button.extend(small),
    Checkbox: Checkbox.extend(small),
    MultiSelect: MultiSelect.extend(small),
    NumberInput: NumberInput.extend(small),
    Popover: Popover.extend({ defaultProps: { shadow: "md", withinPortal: true } }),
    SegmentedControl: SegmentedControl.extend(small),
    Select: Select.extend({ defaultProps: { size: "xs", allowDeselect: false } }),
    Switch: Switch.extend(small),
    Table: Table.extend({ defaultProps: { verticalSpacing: 5, horizontalSpacing: 10, fz: 13 } }),
    TextInput: TextInput.extend(small),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: true, fz: 12, multiline: true, maw: 320 } }),
  },
});

function variables(palette: Palette): Record<string, string> {
  const tones = Object.entries(palette.tones).map(([name, colour]) => [`--tone-${name}`, colour]);
  const softs = Object.entries(palette.softs).map(([name, colour]) => [`--soft-${name}`, colour]);
  return {
    "--mantine-color-body": palette.page,
    "--mantine-color-text": palette.text,
    "--mantine-color-dimmed": palette.dim,
    "--mantine-color-default": palette.surface,
    "--mantine-color-default-hover": palette.raised,
    "--mantine-color-default-border": palette.border,
    "--mantine-color-placeholder": palette.dim,
    "--mantine-color-anchor": palette.accent,
    "--page": palette.page,
    "--surface": palette.surface,
    "--raised": palette.raised,
    "--border": palette.border,
    "--strong": palette.strong,
    "--text": palette.text,
    "--dim": palette.dim,
    "--accent": palette.accent,
    "--accent-soft": palette.accentSoft,
    ...Object.fromEntries([...tones, ...softs]),
  };
}

export const resolveVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: variables(LIGHT),
  dark: variables(DARK),
});
