import { queryOptions, useMutation } from "@tanstack/react-query";
import { call, path } from "../../api/client";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type MatrixAnswer = Schemas["MatrixAnswer"];
export type Cell = Schemas["Cell"];
export type Axis = Schemas["Axis"];
export type Explanation = Schemas["Explanation"];
export type Reach = Schemas["Reach"];
export type Layer = Schemas["Layer"];
export type WhatIfAnswer = Schemas["WhatIfAnswer"];
export type WhatIf = Schemas["WhatIf"];
export type ChangedEdge = Schemas["ChangedEdge"];
export type SuggestionAnswer = Schemas["SuggestionAnswer"];
export type Disagreement = MatrixAnswer["disagreements"][number];
export type ObservedTraffic = Schemas["ObservedTraffic"];
export type VerdictName = Cell["verdict"];

export interface Question {
  caller: string;
  service?: string;
  workload?: string;
  port?: number;
  method?: string;
  path?: string;
  host?: string;
  source_ip?: string;
  headers?: Record<string, string>;
  token?: { claims: Record<string, unknown> } | null;
}

export interface Trial {
  yaml: string;
  delete: { kind: string; namespace: string; name: string }[];
  hours: number;
}

const at = (cluster: string, ...parts: string[]) => ["clusters", cluster, "authorization", ...parts];
/** Policies and traffic move: an answer is asked for again after so long. */
const REFETCH_MS = 10_000;

export function matrixQuery(
  cluster: string,
  spec: { callers: string; called: string; service: string; hours: number },
) {
  return queryOptions({
    queryKey: ["cluster", cluster, "authorization", "matrix", spec],
    queryFn: ({ signal }) => call<MatrixAnswer>("GET", path(at(cluster, "matrix"), spec), undefined, signal),
    refetchInterval: spec.hours === 0 ? REFETCH_MS : undefined,
    enabled: cluster !== "",
  });
}

export function csvUrl(cluster: string, spec: { callers: string; called: string; service: string; hours: number }) {
  return `/api/v1${path(at(cluster, "matrix.csv"), spec)}`;
}

export function explainQuery(cluster: string, question: Question | null) {
  return queryOptions({
    queryKey: ["cluster", cluster, "authorization", "explain", question],
    queryFn: ({ signal }) => call<Explanation>("POST", path(at(cluster, "explain")), question, signal),
    refetchInterval: REFETCH_MS,
    retry: false,
    enabled: cluster !== "" && question !== null,
  });
}

export function suggestQuery(cluster: string, spec: { namespace: string; service: string; hours: number }) {
  return queryOptions({
    queryKey: ["cluster", cluster, "authorization", "suggest", spec],
    queryFn: ({ signal }) => call<SuggestionAnswer>("GET", path(at(cluster, "suggest"), spec), undefined, signal),
    retry: false,
    enabled: cluster !== "" && spec.namespace !== "",
  });
}

export function useTryPolicies(cluster: string) {
  return useMutation({
    mutationFn: (trial: Trial) => call<WhatIfAnswer>("POST", path(at(cluster, "what-if")), trial),
  });
}
