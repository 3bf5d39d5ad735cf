import { useQuery } from "@tanstack/react-query";
import type { Rollout } from "../../api/types";
import { Notice } from "../../components/Notice";
import type { Tone } from "../../graph/overlay";
import { useCluster } from "../../state/cluster";
import { ProxyLink } from "./marks";
import { rolloutQuery } from "./queries";

function tone(rollout: Rollout): Tone {
  if (rollout.proxies.some((one) => one.state === "rejected")) return "bad";
  return rollout.applied === rollout.concerned ? "good" : "warn";
}

/** How far a route's object has got: asked of the proxies themselves, again and again. */
export function RolloutNote({ object }: { object: { kind: string; namespace: string; name: string } }) {
  const cluster = useCluster()?.name ?? "";
  const query = useQuery({
    ...rolloutQuery(cluster, object),
    enabled: cluster !== "" && object.kind === "VirtualService",
  });
  if (!query.data) return null;
  const late = query.data.proxies.filter((one) => one.state !== "applied");
  return (
    <Notice tone={tone(query.data)} title="In the proxies" role="status" testId="rollout">
      {query.data.summary}
      {late.slice(0, 5).map((one) => {
        const [namespace = "", pod = ""] = one.pod.split("/");
        return (
          <div key={one.pod}>
            <ProxyLink namespace={namespace} pod={pod} /> {one.state}: <span className="dim">{one.reason}</span>
          </div>
        );
      })}
    </Notice>
  );
}
