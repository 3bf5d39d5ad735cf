/** Responses of one edge, or of several together. */
import type { GraphEdge } from "./model";

export interface Responses {
  /** Rate per code ("0": no response) and per gRPC status. */
  codes: Record<string, number>;
  grpc: Record<string, number>;
  /** Rate per flag, and per code and flag; TCP's are under the empty code. */
  flags: Record<string, number>;
  codeFlags: Record<string, Record<string, number>>;
}

export function responsesOf(edges: readonly GraphEdge[]): Responses {
  const sum: Responses = { codes: {}, grpc: {}, flags: {}, codeFlags: {} };
  for (const edge of edges) {
    add(sum.codes, edge.codes);
    add(sum.grpc, edge.grpc_codes);
    add(sum.flags, edge.flags);
    for (const [code, flags] of Object.entries(edge.code_flags)) {
      const own = sum.codeFlags[code] ?? {};
      add(own, flags);
      sum.codeFlags[code] = own;
    }
  }
  return sum;
}

function add(sum: Record<string, number>, rates: Readonly<Record<string, number>>): void {
  for (const [key, rate] of Object.entries(rates)) sum[key] = (sum[key] ?? 0) + rate;
}

/** Keys of rates, the highest first. */
export function byRate(rates: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(rates)
    .filter(([, rate]) => rate > 0)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** Their own values and those of all, each once. */
export function union(...lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].sort();
}
