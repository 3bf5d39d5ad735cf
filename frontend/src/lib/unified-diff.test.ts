import { describe, expect, it } from "vitest";
import { unifiedDiff } from "./unified-diff";

describe("a unified diff", () => {
  it("keeps a few lines around what differs", () => {
    const before = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    expect(
      unifiedDiff(
        before,
        before.map((line) => (line === "e" ? "E" : line)),
      ),
    ).toBe(["@@ -2,7 +2,7 @@", " b", " c", " d", "-e", "+E", " f", " g", " h"].join("\n"));
  });

  it("is empty where nothing differs, and all where one side is", () => {
    expect(unifiedDiff(["a"], ["a"])).toBe("");
    expect(unifiedDiff([], ["a"])).toBe("@@ -1,0 +1,1 @@\n+a");
  });

  it("keeps the common part between two differences", () => {
    expect(unifiedDiff(["1", "x", "2"], ["3", "x", "4"])).toBe(
      ["@@ -1,3 +1,3 @@", "-1", "+3", " x", "-2", "+4"].join("\n"),
    );
  });
});
