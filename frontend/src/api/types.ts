/** The wire's shapes under short names. `schema.d.ts` is generated: never written by hand. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Problem = Schemas["Problem"];
export type Cluster = Schemas["ClusterSummary"];
export type Series = Schemas["Series"];
export type Namespace = Schemas["NamespaceSummary"];
export type Service = Schemas["ServiceSummary"];
export type ServiceDetail = Schemas["ServiceDetail"];
export type Workload = Schemas["WorkloadSummary"];
export type WorkloadDetail = Schemas["WorkloadDetail"];
export type ConfigItem = Schemas["ConfigSummary"];
export type ConfigDetail = Schemas["ConfigDetail"];
export type ServiceWeights = Schemas["ServiceWeights"];
export type WeightedDestination = Schemas["WeightedDestination"];
export type ChangePreview = Schemas["ChangePreview"];
export type AppliedChange = Schemas["AppliedChange"];
export type ConflictProblem = Schemas["ConflictProblem"];
export type Finding = Schemas["Finding"];
export type Change = Schemas["ChangeSummary"];
export type ChangeDetail = Schemas["ChangeDetail"];
export type AuditPage = Schemas["AuditPage"];
export type Fault = Schemas["Fault"];
export type MeshPosture = Schemas["MeshPosture"];
export type NamespacePosture = Schemas["NamespacePosture"];
export type WorkloadPosture = Schemas["WorkloadPosture"];
export type ModeStep = Schemas["ModeStep"];
export type EdgeExplanation = Schemas["EdgeExplanation"];
export type StrictAnswer = Schemas["StrictAnswer"];
export type Shift = Schemas["ShiftSummary"];
export type ShiftDetail = Schemas["ShiftDetail"];
export type VersionEvidence = Schemas["VersionEvidence"];
export type Guard = Schemas["Guard"];
export type FindingsAnswer = Schemas["FindingsAnswer"];
