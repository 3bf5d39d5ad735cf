import { expect, test } from "vitest";
import { setWeight, toPercent, total, type Weights } from "./redistribute";

/** A small reproducible generator, so that a failure can be repeated. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

test("whatever is moved, weights are whole, between 0 and 100, and add to 100", () => {
  const next = numbers(42);
  for (let run = 0; run < 2000; run++) {
    const count = 1 + Math.floor(next() * 6);
    let weights: Weights = toPercent(
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`v${index}`, Math.floor(next() * 101)])),
    );
    for (let move = 0; move < 6; move++) {
      weights = setWeight(weights, `v${Math.floor(next() * count)}`, next() * 160 - 30);
      expect(total(weights)).toBe(100);
      for (const weight of Object.values(weights)) {
        expect(Number.isInteger(weight)).toBe(true);
        expect(weight).toBeGreaterThanOrEqual(0);
        expect(weight).toBeLessThanOrEqual(100);
      }
    }
  }
});

test("with two versions the other is the complement", () => {
  expect(setWeight({ v1: 90, v2: 10 }, "v2", 50)).toEqual({ v1: 50, v2: 50 });
  expect(setWeight({ v1: 90, v2: 10 }, "v1", 100)).toEqual({ v1: 100, v2: 0 });
});

test("the others keep their proportions", () => {
  expect(setWeight({ a: 40, b: 40, c: 20 }, "c", 40)).toEqual({ a: 30, b: 30, c: 40 });
  expect(setWeight({ a: 60, b: 30, c: 10 }, "c", 55)).toEqual({ a: 30, b: 15, c: 55 });
});

test("dragging to 100 and back keeps the proportions that the drag started from", () => {
  const start = { a: 60, b: 30, c: 10 };
  const full = setWeight(start, "c", 100, start);
  expect(full).toEqual({ a: 0, b: 0, c: 100 });
  expect(setWeight(full, "c", 10, start)).toEqual(start);
});

test("others that all have nothing share evenly", () => {
  expect(setWeight({ a: 100, b: 0, c: 0 }, "a", 50)).toEqual({ a: 50, b: 25, c: 25 });
});

test("a number that is none changes nothing", () => {
  expect(setWeight({ a: 70, b: 30 }, "a", Number.NaN)).toEqual({ a: 70, b: 30 });
});

test("weights that don't add to 100 become percentages", () => {
  expect(toPercent({ a: 1, b: 1, c: 1 })).toEqual({ a: 34, b: 33, c: 33 });
  expect(toPercent({ a: 0, b: 0 })).toEqual({ a: 50, b: 50 });
});
