import { useQuery } from "@tanstack/react-query";
import { serviceQuery } from "../../api/queries";
import { useCluster } from "../../state/cluster";
import { ExplainLink } from "./ExplainLink";
import { callersQuery } from "./queries";
import { askedParams, changeParams } from "./url";

/** Offers to explain a request to the service as it is now and as these weights would have it, from the workload that
 * calls it most. */
export function ExplainChange({
  namespace,
  name,
  weights,
}: {
  namespace: string;
  name: string;
  weights: Record<string, number>;
}) {
  const cluster = useCluster()?.name ?? "";
  const service = useQuery(serviceQuery(cluster, namespace, name));
  const callers = useQuery(callersQuery(cluster, namespace, name));
  const caller = callers.data?.[0];
  const found = service.data?.service;
  if (!found || !caller) return null;
  const port = found.ports.find((one) => one.port === 80)?.port ?? found.ports[0]?.port ?? 80;
  const params = {
    ...askedParams({
      ...caller,
      host: port === 80 ? found.host : `${found.host}:${port}`,
      port,
      method: "GET",
      path: "/",
      headers: "",
      protocol: "http",
    }),
    ...changeParams({ namespace, name, weights }),
  };
  return (
    <div>
      <ExplainLink params={params}>Explain a request before and after</ExplainLink>
    </div>
  );
}
