/** Envoy's response flags in plain language (envoyproxy.io, access log format, %RESPONSE_FLAGS%). */
const MEANINGS: Record<string, string> = {
  UH: "No healthy upstream: every endpoint is down or ejected",
  UF: "Connecting to the upstream failed",
  UO: "Overflow: the circuit breaker is open",
  NR: "No route matches the request",
  NC: "The upstream cluster doesn't exist (yet)",
  NFCF: "No filter config arrived in time",
  URX: "All retries, or connection attempts, were used up",
  UT: "The upstream took longer than the timeout",
  UC: "The upstream closed the connection",
  UR: "The upstream reset the stream",
  UPE: "The upstream broke the protocol",
  UMSDR: "The stream reached its maximum duration",
  DC: "The caller closed the connection before the answer",
  DPE: "The caller broke the protocol",
  DI: "Delayed by fault injection",
  FI: "Aborted by fault injection",
  RL: "Refused by the local rate limit",
  RLSE: "The rate-limit service failed",
  UAEX: "Denied by the external authorization service",
  IH: "Refused: a header had an invalid value",
  SI: "The stream was idle for too long",
  DT: "The request or connection lasted too long",
  LH: "The local service failed its health check",
  LR: "Reset by this proxy",
  OM: "Refused: the proxy's overload manager shed load",
  DF: "The upstream's name couldn't be resolved",
  DO: "Dropped on load-shedding order of the control plane",
  RFCF: "The response came from a cache",
};

export function flagMeaning(flag: string): string {
  return MEANINGS[flag] ?? "A flag that MeshUI has no words for yet";
}
