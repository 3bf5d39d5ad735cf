import { describe, expect, it } from "vitest";
import { readSteps, usualSteps } from "./steps";

describe("the steps of a shift", () => {
  it("are read as people write them", () => {
    expect(readSteps("20, 50 100", 10, 100)).toEqual({ steps: [20, 50, 100], problem: null });
  });

  it.each([
    ["", "Give at least one step."],
    ["20, x", "Steps are whole numbers of percent."],
    ["50, 20", "Each step must be above the one before."],
    ["10, 20", "The first step must be above 10, the weight of now."],
    ["20, 120", "No step can be above 100."],
  ])("say what is wrong with %j", (text, problem) => {
    expect(readSteps(text, 10, 100).problem).toBe(problem);
  });

  it("are proposed from the weight of now to all of it", () => {
    expect(usualSteps(10, 100)).toEqual([25, 50, 75, 100]);
    expect(usualSteps(80, 100)).toEqual([100]);
  });
});
