import type { NodeKind } from "./model";
import type { Mark } from "./overlay";

/** Line icons as paths in a 24 by 24 box, for canvas and for SVG alike. */
export const KIND_GLYPHS: Record<NodeKind, string> = {
  workload: "M20.500 7.500 12 3 3.500 7.500v9L12 21l8.500-4.500v-9Z M3.500 7.500 12 12l8.500-4.500 M12 12v9",
  service: "M12 8.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7Z M12 3v5.500 M4.500 19l5-4.500 M19.500 19l-5-4.500",
  gateway: "M4 4v16 M20 4v16 M7.500 12h9 M13 8.500l3.500 3.500-3.500 3.500",
  service_entry:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M3 12h18 M12 3c3.300 3.200 3.300 14.800 0 18 M12 3c-3.300 3.200-3.300 14.800 0 18",
  passthrough: "M3 12h17 M14 6l6 6-6 6",
  blackhole: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M5.600 5.600l12.800 12.800",
  unknown: "M8.500 9a3.500 3.500 0 1 1 5.200 3.100c-1.200.7-1.700 1.400-1.700 2.700 M12 18.400v.2",
  app: "M4 4h7v7H4z M13 4h7v7h-7z M4 13h7v7H4z M13 13h7v7h-7z",
  namespace: "M12 3.500 3 8.500l9 5 9-5-9-5Z M3 14l9 5 9-5",
};

/** What differs between two moments, by kind. */
const DIFFERENCE_GLYPHS = {
  new: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M12 8v8 M8 12h8",
  gone: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M8 12h8",
  slower: "M12 4a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17Z M12 8v5l-3.500 2",
  faster: "M13 3 5 13.500h6L10.500 21 19 10h-6.500L13 3Z",
  busier: "M12 20V5 M5.500 11.500 12 5l6.500 6.500",
  quieter: "M12 4v15 M5.500 12.500 12 19l6.500-6.500",
  recovered: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M8 12.500l3 3 5.500-6",
} as const;

export const BADGE_GLYPHS: Record<string, string> = {
  missing_proxy: "M12 3 5 6v5.500c0 4.500 3 7.500 7 9.500 4-2 7-5 7-9.500V6l-7-3Z M9.500 9.500l5 5 M14.500 9.500l-5 5",
  traffic_split: "M4 12h6 M10 12c4 0 4-6 10-6 M10 12c4 0 4 6 10 6 M17 3l3 3-3 3 M17 15l3 3-3 3",
  fault_injection: "M13 3 5 13.500h6L10.500 21 19 10h-6.500L13 3Z",
  mirror: "M8 8h12v12H8z M16 8V4H4v12h4",
  circuit_breaker: "M3 12h5 M16 12h5 M8 12l7-6 M8 10v4 M16 10v4",
  gateway: KIND_GLYPHS.gateway,
  virtual_service:
    "M5 5.500a2 2 0 1 0 0 .1 M19 18.500a2 2 0 1 0 0 .1 M7 6h6a4 4 0 0 1 0 6h-2a3.500 3.500 0 0 0 0 6.500h6",
  request_timeout: "M12 4a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17Z M12 8v5l3 2",
  ejected: "M12 4 4 14h16L12 4Z M4 19h16",
  ...DIFFERENCE_GLYPHS,
  failing: "M8 2.500h8L21.500 8v8L16 21.500H8L2.500 16V8L8 2.500Z M9 9l6 6 M15 9l-6 6",
  default: "M12 5v9 M12 18.500v.2",
};

export const MARK_GLYPHS: Record<Mark, string> = {
  ...DIFFERENCE_GLYPHS,
  warning: "M12 3.500 2.500 20.500h19L12 3.500Z M12 10v5 M12 17.800v.2",
  failing: "M8 2.500h8L21.500 8v8L16 21.500H8L2.500 16V8L8 2.500Z M9 9l6 6 M15 9l-6 6",
  lock: "M5 11h14v10H5z M8 11V7.500a4 4 0 0 1 8 0V11",
  "lock-open": "M5 11h14v10H5z M8 11V7a4 4 0 0 1 7.700-1.500",
  "lock-mixed": "M5 11h14v10H5z M8 11V7.500a4 4 0 0 1 8 0V11 M5 21 19 11",
  refused: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M5.600 5.600l12.800 12.800",
  shield: "M12 3 5 6v5.500c0 4.500 3 7.500 7 9.500 4-2 7-5 7-9.500V6l-7-3Z M9 12l2.200 2.200L15.200 10",
  "shield-partly": "M12 3 5 6v5.500c0 4.500 3 7.500 7 9.500 4-2 7-5 7-9.500V6l-7-3Z M12 8v5 M12 15.800v.2",
  "shield-off":
    "M8 4.700 12 3l7 3v5.500c0 1.500-.3 2.900-.9 4.100 M16 18.200c-1.200 1.100-2.500 2-4 2.800-4-2-7-5-7-9.500V7 M3 3l18 18",
  unknown:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z M9.500 10a2.600 2.600 0 1 1 3.800 2.300c-.9.500-1.300 1-1.300 2 M12 16.800v.2",
};
