import type { Asked, WeightsChange } from "./queries";

const METHOD = "GET";

/** The question in a page's link; null when it names no source or host. */
export function askedOf(params: URLSearchParams): Asked | null {
  const [namespace, workload] = (params.get("from") ?? "").split("/");
  const host = params.get("host") ?? "";
  if (!namespace || !workload || !host) return null;
  return {
    namespace,
    workload,
    host,
    port: Number(params.get("port")) || 80,
    method: params.get("method") || METHOD,
    path: params.get("path") || "/",
    headers: params.get("headers") ?? "",
    protocol: params.get("protocol") === "tcp" ? "tcp" : "http",
  };
}

/** The same as parameters; what is as usual is left out. */
export function askedParams(asked: Asked): Record<string, string> {
  const all = {
    from: `${asked.namespace}/${asked.workload}`,
    host: asked.host,
    port: String(asked.port),
    method: asked.method === METHOD ? "" : asked.method,
    path: asked.path === "/" ? "" : asked.path,
    headers: asked.headers,
    protocol: asked.protocol === "http" ? "" : asked.protocol,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** A change of weights in the link: `service=shop/catalog&weights=v1:20,v2:80`. */
export function changeOf(params: URLSearchParams): WeightsChange | null {
  const [namespace, name] = (params.get("service") ?? "").split("/");
  const pairs = (params.get("weights") ?? "")
    .split(",")
    .map((pair) => {
      const at = pair.lastIndexOf(":");
      return [pair.slice(0, at), Number(pair.slice(at + 1))] as const;
    })
    .filter(([id, weight]) => id && Number.isInteger(weight));
  return namespace && name && pairs.length > 0 ? { namespace, name, weights: Object.fromEntries(pairs) } : null;
}

export function changeParams(change: WeightsChange): Record<string, string> {
  return {
    service: `${change.namespace}/${change.name}`,
    weights: Object.entries(change.weights)
      .map(([id, weight]) => `${id}:${weight}`)
      .join(","),
  };
}
