import { Button } from "@mantine/core";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { ApiError } from "../../api/client";
import type { Cluster } from "../../api/types";
import { EmptyScreen, FailedScreen, LoadingScreen } from "../../components/screens";
import { useCluster } from "../../state/cluster";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import { GraphTable } from "./GraphTable";
import classes from "./graph.module.css";
import { SidePanel } from "./SidePanel";
import { SourceBanners } from "./SourceBanners";
import { Toolbar } from "./Toolbar";
import { useGraphUrl } from "./useGraphUrl";

const loadMap = () => import("./GraphMap");
const GraphMap = lazy(() => loadMap().then((module) => ({ default: module.GraphMap })));
// The drawing library is on its way while the toolbar is painted.
void loadMap();

export function GraphPage() {
  const cluster = useCluster();
  return cluster ? <LiveGraphPage cluster={cluster} /> : <LoadingScreen what="the graph" />;
}

function LiveGraphPage({ cluster }: { cluster: Cluster }) {
  const live = useLiveGraph();
  const { shown, problem, connection } = useLiveState();
  const [url, change] = useGraphUrl();
  const window = url.window ?? cluster.default_window_seconds;

  useEffect(() => live.watch(cluster.name, window, url.spec), [live, cluster.name, window, url.spec]);
  useEffect(
    () => live.setRefresh(url.refresh === "live" || url.refresh === "manual" ? url.refresh : Number(url.refresh)),
    [live, url.refresh],
  );

  // A view of another cluster is not this page's.
  const view = shown?.cluster === cluster.name ? shown : null;
  const found = useMemo(
    () =>
      view && url.selected
        ? (view.nodes.find((node) => node.id === url.selected) ??
          view.edges.find((edge) => edge.id === url.selected) ??
          null)
        : null,
    [view, url.selected],
  );

  let body: React.ReactNode;
  if (!view && problem) {
    body = (
      <FailedScreen
        title={
          problem.code === "not_ready"
            ? "The first picture of the mesh isn't there yet"
            : "The graph couldn't be loaded"
        }
        error={new ApiError(0, problem)}
        onRetry={() => live.watchAgain()}
      />
    );
  } else if (!view) {
    body =
      connection === "reconnecting" ? (
        <FailedScreen
          title="There is no live connection"
          error={new Error("MeshUI is trying to reconnect by itself.")}
          onRetry={() => live.reconnect()}
        />
      ) : (
        <LoadingScreen what="the graph" />
      );
  } else if (view.nodes.length === 0) {
    body = (
      <EmptyScreen
        title="No traffic in this view"
        action={
          !url.spec.idle && (
            <Button variant="default" mt={6} onClick={() => change({ spec: { ...url.spec, idle: true } })}>
              Show idle workloads
            </Button>
          )
        }
      >
        {url.spec.namespaces.length > 0
          ? `Nothing was sent or received in ${url.spec.namespaces.join(", ")} within the window.`
          : "No proxy reported a request within the window. Workloads without traffic are hidden."}
      </EmptyScreen>
    );
  } else if (url.as === "table") {
    body = <GraphTable view={view} selected={url.selected} onSelect={(selected) => change({ selected })} />;
  } else {
    body = (
      <Suspense fallback={<LoadingScreen what="the picture" />}>
        <GraphMap view={view} url={url} onChange={change} />
      </Suspense>
    );
  }

  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">Service graph</h1>
      <Toolbar cluster={cluster} url={url} onChange={change} />
      <SourceBanners sources={view?.sources ?? []} problem={view ? problem : null} />
      <div className={classes.stage}>
        <div className={classes.body}>{body}</div>
        {url.selected && view && (
          <SidePanel
            cluster={cluster.name}
            window={window}
            spec={url.spec}
            view={view}
            item={found}
            id={url.selected}
            onSelect={(selected) => change({ selected })}
          />
        )}
      </div>
    </div>
  );
}
