import { inCluster } from "../../api/queries";
import type { FindingsAnswer } from "../../api/types";

export const findingsQuery = (cluster: string) =>
  inCluster<FindingsAnswer>(cluster, ["findings"], { refetchMs: 15_000 });
