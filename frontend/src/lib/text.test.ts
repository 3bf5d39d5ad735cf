import { expect, test } from "vitest";
import { diffLines } from "./diff-lines";
import { yamlTokens } from "./yaml-tokens";

test("a unified diff becomes numbered lines without its file headers", () => {
  const lines = diffLines("--- before\n+++ after\n@@ -10,3 +10,3 @@\n a: 1\n-weight: 90\n+weight: 50\n b: 2\n");
  expect(lines.map((line) => [line.kind, line.text, line.before, line.after])).toEqual([
    ["hunk", "line 10", null, null],
    ["same", "a: 1", 10, 10],
    ["removed", "weight: 90", 11, null],
    ["added", "weight: 50", null, 11],
    ["same", "b: 2", 12, 12],
  ]);
});

test("no YAML is lost or added by colouring it", () => {
  const lines = [
    "apiVersion: networking.istio.io/v1",
    "  - destination:",
    "    weight: 90",
    "  - shop.example",
    "# note",
    "",
    '  "a b": "c"',
  ];
  for (const line of lines) {
    expect(
      yamlTokens(line)
        .map((token) => token.text)
        .join(""),
    ).toBe(line);
  }
});

test("keys, numbers and strings are told apart", () => {
  expect(yamlTokens("    weight: 90").map((token) => token.kind)).toEqual([
    "text",
    "key",
    "punctuation",
    "text",
    "number",
  ]);
  expect(yamlTokens("host: catalog").at(-1)?.kind).toBe("string");
  expect(yamlTokens("enabled: true").at(-1)?.kind).toBe("keyword");
});
