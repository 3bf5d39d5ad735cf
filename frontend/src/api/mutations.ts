import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, path } from "./client";
import type { AppliedChange, ChangePreview, Fault, Guard, RouteSettings, ShiftDetail } from "./types";

/** What changes the mesh. Whatever is shown of it is asked for again afterwards. */

interface WeightsInput {
  resource_version: string;
  weights: Record<string, number>;
}

function useRefresh() {
  const client = useQueryClient();
  return () => client.invalidateQueries({ predicate: (query) => query.queryKey[0] === "cluster" });
}

export function usePreviewWeights(cluster: string, namespace: string, name: string) {
  return useMutation({
    mutationFn: (input: WeightsInput) =>
      call<ChangePreview>(
        "POST",
        path(["clusters", cluster, "services", namespace, name, "weights", "preview"]),
        input,
      ),
  });
}

export function useApplyWeights(cluster: string, namespace: string, name: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (input: WeightsInput & { reason: string }) =>
      call<AppliedChange>("POST", path(["clusters", cluster, "services", namespace, name, "weights", "apply"]), input),
    onSettled: refresh,
  });
}

export function useUndo() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: ({ id, reason = "" }: { id: number; reason?: string }) =>
      call<AppliedChange>("POST", path(["changes", String(id), "undo"]), { reason }),
    onSettled: refresh,
  });
}

export interface RouteInput {
  resource_version: string;
  route: number;
  settings: RouteSettings;
}

export function usePreviewRoute(cluster: string, namespace: string, name: string) {
  return useMutation({
    mutationFn: (input: RouteInput) =>
      call<ChangePreview>("POST", path(["clusters", cluster, "services", namespace, name, "routes", "preview"]), input),
  });
}

export function useApplyRoute(cluster: string, namespace: string, name: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (input: RouteInput & { reason: string; expires_seconds: number | null }) =>
      call<AppliedChange>("POST", path(["clusters", cluster, "services", namespace, name, "routes", "apply"]), input),
    onSettled: refresh,
  });
}

export interface ShiftInput {
  resource_version: string;
  candidate: string;
  baseline: string;
  steps: number[];
  pause_seconds: number;
  patience_seconds: number;
  guard: Guard;
  reason: string;
}

export function useStartShift(cluster: string, namespace: string, name: string) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (input: ShiftInput) =>
      call<ShiftDetail>("POST", path(["clusters", cluster, "services", namespace, name, "shifts"]), input),
    onSettled: refresh,
  });
}

export type ShiftAction = "pause" | "resume" | "promote" | "abort";

export function useActOnShift(id: number) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (action: ShiftAction) => call<ShiftDetail>("POST", path(["shifts", String(id)]), { action }),
    onSettled: refresh,
  });
}

export function useFault() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, active }: { name: string; active: boolean }) =>
      call<Fault>(active ? "POST" : "DELETE", path(["demo", "faults", name])),
    onSettled: () => client.invalidateQueries({ queryKey: ["faults"] }),
  });
}
