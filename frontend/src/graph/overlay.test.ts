import { expect, test } from "vitest";
import { anEdge } from "./fixtures";
import { edgeLook, edgeWidth, mtlsDisagrees } from "./overlay";

const mtls = { observed_share: 1, expected: "mutual_tls", mode: "STRICT", decided_by: null, reason: "" } as const;

test("colour is never the only sign of trouble", () => {
  for (const state of ["degraded", "failing"] as const) {
    const look = edgeLook(anEdge("a", "b", { health: { state, reason: "" }, error_share: 0.1 }), "health", []);
    expect(look.mark).not.toBeNull();
    expect(look.text).toContain("10%");
  }
  expect(edgeLook(anEdge("a", "b"), "health", [])).toEqual({ tone: "good", mark: null, text: "" });
});

test("the error share is written once, whichever label is chosen", () => {
  const edge = anEdge("a", "b", { health: { state: "failing", reason: "" }, error_share: 0.5 });
  expect(edgeLook(edge, "health", ["errors"]).text).toBe("50%");
  expect(edgeLook(edge, "health", ["rate"]).text).toBe("50% · 10/s");
});

test("plain text where mutual TLS is required disagrees with policy", () => {
  expect(mtlsDisagrees(anEdge("a", "b", { mtls: { ...mtls, observed_share: 0.4 } }))).toBe(true);
  expect(mtlsDisagrees(anEdge("a", "b", { mtls }))).toBe(false);
  expect(mtlsDisagrees(anEdge("a", "b", { mtls: { ...mtls, expected: "mixed", observed_share: 0.4 } }))).toBe(false);
  expect(mtlsDisagrees(anEdge("a", "b", { mtls: { ...mtls, observed_share: null } }))).toBe(false);
});

test("an edge whose encryption nobody reported is unknown, not plain text", () => {
  const look = edgeLook(anEdge("a", "b", { mtls: { ...mtls, observed_share: null } }), "mtls", []);
  expect(look.mark).toBe("unknown");
});

test("observed denials show even where policy would allow", () => {
  const authz = { verdict: "allowed", denied_rate: 2, decided_by: null, reason: "", disagrees: true } as const;
  expect(edgeLook(anEdge("a", "b", { authz }), "authz", [])).toEqual({
    tone: "warn",
    mark: "shield",
    text: "2.0/s denied · ≠ policy",
  });
});

test("a missing latency leaves the label out", () => {
  expect(edgeLook(anEdge("a", "b", { p95_ms: null }), "health", ["p95"]).text).toBe("");
});

test("width grows with the rate and stays in bounds", () => {
  const widths = [0, 1, 10, 100, 1e6].map(edgeWidth);
  expect([...widths].sort((a, b) => a - b)).toEqual(widths);
  expect(widths.at(-1)).toBe(7);
});

test("several labels stand side by side, always in the same order", () => {
  const edge = anEdge("a", "b", { sent_bytes_rate: 1024, received_bytes_rate: 1024 });
  expect(edgeLook(edge, "health", ["mtls", "throughput", "p95", "rate"]).text).toBe(
    "10/s · 5.0 ms · 2.0 KiB/s · 100% mTLS",
  );
});
