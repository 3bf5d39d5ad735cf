import { describe, expect, it } from "vitest";
import type { RouteSettings } from "../../api/types";
import { amplification, attemptsOf, MESH_ATTEMPTS, sameSettings, withPart } from "./draft";

const NOTHING: RouteSettings = { timeout_ms: null, retries: null, delay: null, abort: null, mirror: null };

describe("the settings of a route", () => {
  it("multiply the attempts of every call above", () => {
    const chain = [
      { caller: "gateway", service: "web", attempts: 3 },
      { caller: "web", service: "catalog", attempts: 2 },
    ];
    expect(amplification(chain, 4)).toBe(12);
    expect(amplification([], 4)).toBe(4);
  });

  it("try as often as the mesh does unless they say else", () => {
    expect(attemptsOf(NOTHING, MESH_ATTEMPTS)).toBe(3);
    const retries = { attempts: 0, per_try_timeout_ms: null, retry_on: [] };
    expect(attemptsOf({ ...NOTHING, retries }, MESH_ATTEMPTS)).toBe(1);
  });

  it("are the same when every part is", () => {
    expect(sameSettings(NOTHING, { ...NOTHING })).toBe(true);
    expect(sameSettings(NOTHING, withPart(NOTHING, "delay", { percent: 5, delay_ms: 10 }))).toBe(false);
  });
});
