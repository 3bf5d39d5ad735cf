import { inCluster } from "../../api/queries";
import type { EdgeExplanation, MeshPosture, StrictAnswer, WorkloadPosture } from "../../api/types";

const LIVE_MS = 10_000;

export const postureQuery = (cluster: string, window: number) =>
  inCluster<MeshPosture>(cluster, ["mtls"], { params: { window: String(window) }, refetchMs: LIVE_MS });
export const namespacePostureQuery = (cluster: string, window: number, namespace: string) =>
  inCluster<WorkloadPosture[]>(cluster, ["mtls", "namespaces", namespace], {
    params: { window: String(window) },
    refetchMs: LIVE_MS,
  });
export const strictQuery = (
  cluster: string,
  window: number,
  namespace: string,
  workload: string | null,
  quietIsSafe: boolean,
) =>
  inCluster<StrictAnswer>(cluster, ["mtls", "strict"], {
    params: {
      window: String(window),
      namespace,
      ...(workload ? { workload } : {}),
      ...(quietIsSafe ? { quiet_is_safe: "true" } : {}),
    },
    refetchMs: LIVE_MS,
  });
export const edgeExplanationQuery = (cluster: string, params: Record<string, string>) =>
  inCluster<EdgeExplanation>(cluster, ["mtls", "edge"], { params });
