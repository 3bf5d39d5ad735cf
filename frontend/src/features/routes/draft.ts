import type { Hop, RouteSettings } from "../../api/types";

/** The settings with one part changed. */
export function withPart<Part extends keyof RouteSettings>(
  settings: RouteSettings,
  part: Part,
  value: RouteSettings[Part],
): RouteSettings {
  return { ...settings, [part]: value };
}

/** The most requests that one request from outside can become at the service, when each call of the chain fails. */
export function amplification(chain: readonly Hop[], attempts: number): number {
  return chain.slice(0, -1).reduce((product, hop) => product * hop.attempts, 1) * attempts;
}

/** How often a request may be tried: `null` retries are the mesh's own. */
export function attemptsOf(settings: RouteSettings, own: number): number {
  return settings.retries ? settings.retries.attempts + 1 : own;
}

/** What Istio does without a word on retries: two more attempts for connections that fail. */
export const MESH_ATTEMPTS = 3;

export function sameSettings(one: RouteSettings, other: RouteSettings): boolean {
  return JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
}

function ordered(settings: RouteSettings) {
  const { timeout_ms, retries, delay, abort, mirror } = settings;
  return [
    timeout_ms,
    retries && [retries.attempts, retries.per_try_timeout_ms, [...retries.retry_on]],
    delay && [delay.percent, delay.delay_ms],
    abort && [abort.percent, abort.status],
    mirror && [mirror.host, mirror.percent, mirror.subset],
  ];
}
