import { legendOf } from "../../../graph/legend";
import type { GraphView } from "../../../graph/model";
import type { Heading } from "../../../graph/sheet";
import type { GraphUrl } from "../../../graph/view-url";
import { formatSpan } from "../../../lib/format";
import type { PictureFormat } from "../ExportMenu";
import { type Exposed, picturePng, pictureSvg, save } from "./save-picture";

const VIEW_NAMES: Record<GraphUrl["spec"]["kind"], string> = {
  workload: "workloads",
  versioned_app: "versioned apps",
  app: "apps",
  service: "services",
  namespace: "namespaces",
};

function headingOf(view: GraphView, url: GraphUrl): Heading {
  const when = view.evaluated_at ?? view.published_at;
  const scope = [...url.spec.namespaces, ...url.spec.workloads].join(", ");
  const facts = [
    `${new Date(when).toISOString().slice(0, 19).replace("T", " ")} UTC · rates over ${formatSpan(view.window_seconds)} · ${view.nodes.length} nodes, ${view.edges.length} edges`,
  ];
  const narrowed = [
    scope && `only ${scope} and neighbours`,
    url.focus && `${url.hops} hops around one node`,
    url.hide && `hidden: ${url.hide}`,
    url.find && `highlighted: ${url.find}`,
  ].filter(Boolean);
  if (narrowed.length > 0) facts.push(narrowed.join(" · "));
  return { title: `Mesh ${view.cluster}: ${VIEW_NAMES[url.spec.kind]}`, facts };
}

/** Saves the whole picture as it is seen, with its title, time and legend. */
export async function exportPicture(
  to: PictureFormat,
  exposed: Exposed,
  view: GraphView,
  url: GraphUrl,
): Promise<void> {
  const heading = headingOf(view, url);
  const legend = legendOf(view, url.overlay);
  const time = (view.evaluated_at ?? view.published_at).replace(/[-:]|\.\d+/g, "");
  const name = `${view.cluster}-${time}.${to}`;
  const content =
    to === "svg"
      ? new Blob([pictureSvg(exposed, heading, legend)], { type: "image/svg+xml" })
      : await picturePng(exposed, heading, legend);
  save(content, name);
}
