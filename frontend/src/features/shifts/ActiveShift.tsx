import { useQuery } from "@tanstack/react-query";
import { shiftsQuery } from "../../api/queries";
import { Notice } from "../../components/Notice";
import { PageLink } from "../../components/Page";
import { useCluster } from "../../state/cluster";

/** Says that the service's weights are moving by themselves, where somebody might move them by hand. */
export function ActiveShift({ namespace, name }: { namespace: string; name: string }) {
  const query = useQuery(shiftsQuery(useCluster()?.name ?? "", `${namespace}/${name}`));
  const active = query.data?.find((shift) => !shift.ended_at);
  if (!active) return null;
  return (
    <Notice tone="warn" title="A guarded shift is moving these weights" testId="active-shift">
      {active.said}. An edit by hand stops it.{" "}
      <PageLink to={`/changes/shifts/${active.id}`}>Watch shift #{active.id}</PageLink>
    </Notice>
  );
}
