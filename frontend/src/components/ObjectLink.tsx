import { Link } from "react-router";
import type { ObjectRef } from "../graph/model";
import { useClusterLink } from "../state/cluster";

/** Path of an object's page. `_` stands for "no namespace", as in the API. */
export function objectPath(object: ObjectRef): string {
  return `/config/${encodeURIComponent(object.kind)}/${encodeURIComponent(object.namespace || "_")}/${encodeURIComponent(object.name)}`;
}

export function ObjectLink({ object }: { object: ObjectRef }) {
  const link = useClusterLink();
  return (
    <Link to={link(objectPath(object))} style={{ color: "var(--accent)", textDecoration: "none" }}>
      {object.kind}{" "}
      <span className="mono">
        {object.namespace ? `${object.namespace}/` : ""}
        {object.name}
      </span>
    </Link>
  );
}
