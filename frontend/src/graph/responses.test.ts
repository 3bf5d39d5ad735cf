import { expect, test } from "vitest";
import { anEdge } from "./fixtures";
import { byRate, responsesOf, union } from "./responses";

test("the responses of several edges are added, code by code and flag by flag", () => {
  const one = anEdge("a", "c", { codes: { "200": 8, "503": 2 }, flags: { UH: 2 }, code_flags: { "503": { UH: 2 } } });
  const other = anEdge("b", "c", { codes: { "503": 1 }, flags: { UF: 1 }, code_flags: { "503": { UF: 1 } } });
  expect(responsesOf([one, other])).toEqual({
    codes: { "200": 8, "503": 3 },
    grpc: {},
    flags: { UH: 2, UF: 1 },
    codeFlags: { "503": { UH: 2, UF: 1 } },
  });
  expect(one.code_flags["503"]).toEqual({ UH: 2 });
});

test("what happens most comes first, what doesn't happen is left out", () => {
  expect(byRate({ b: 1, a: 1, c: 5, d: 0 })).toEqual([
    ["c", 5],
    ["a", 1],
    ["b", 1],
  ]);
  expect(union(["b", "a"], ["a"])).toEqual(["a", "b"]);
});
