/** Weights of versions in whole percent. Every function here returns weights that add to 100. */
export type Weights = Record<string, number>;

export function total(weights: Weights): number {
  return Object.values(weights).reduce((sum, weight) => sum + weight, 0);
}

/** Whole numbers in the given proportions that add to `sum`: the largest remainders get what rounding left over. */
function apportion(ids: readonly string[], shares: readonly number[], sum: number): Weights {
  const whole = shares.reduce((a, b) => a + b, 0);
  const exact = shares.map((share) => (whole > 0 ? (share / whole) * sum : sum / ids.length));
  const result = exact.map(Math.floor);
  let left = sum - result.reduce((a, b) => a + b, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (const { index } of byRemainder) {
    if (left <= 0) break;
    result[index] = (result[index] ?? 0) + 1;
    left -= 1;
  }
  return Object.fromEntries(ids.map((id, index) => [id, result[index] ?? 0]));
}

/** One version's weight set to `value`; the others share the rest in the proportions of `from`, where they had any. */
export function setWeight(weights: Weights, id: string, value: number, from: Weights = weights): Weights {
  const others = Object.keys(weights).filter((other) => other !== id);
  if (others.length === 0) return { [id]: 100 };
  const wanted = Number.isFinite(value) ? Math.min(100, Math.max(0, Math.round(value))) : (weights[id] ?? 0);
  const shared = apportion(
    others,
    others.map((other) => Math.max(0, from[other] ?? 0)),
    100 - wanted,
  );
  return Object.fromEntries(Object.keys(weights).map((key) => [key, key === id ? wanted : (shared[key] ?? 0)]));
}

/** Any weights (a mesh accepts 1:1, or 0 everywhere) as percentages. */
export function toPercent(weights: Weights): Weights {
  const ids = Object.keys(weights);
  return ids.length === 0
    ? {}
    : apportion(
        ids,
        ids.map((id) => Math.max(0, weights[id] ?? 0)),
        100,
      );
}
