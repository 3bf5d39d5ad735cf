import { Button } from "@mantine/core";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { ApiError } from "../../api/client";
import type { Cluster } from "../../api/types";
import { EmptyScreen, FailedScreen, LoadingScreen } from "../../components/screens";
import { many } from "../../graph/find-complete";
import { litBy } from "../../graph/lit";
import { summarise } from "../../graph/summary";
import { formatRate, formatShare } from "../../lib/format";
import { useCluster } from "../../state/cluster";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import { ComparePanel } from "./compare/ComparePanel";
import { useCompared } from "./compare/useCompared";
import { FindBar } from "./FindBar";
import { GraphTable } from "./GraphTable";
import classes from "./graph.module.css";
import { PastBanner } from "./replay/PastBanner";
import { ReplayBar } from "./replay/ReplayBar";
import { usePast } from "./replay/usePast";
import { SidePanel } from "./SidePanel";
import { SourceBanners } from "./SourceBanners";
import { Toolbar } from "./Toolbar";
import { useFind } from "./useFind";
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

  useEffect(
    () => (url.at ? live.rest() : live.watch(cluster.name, window, url.spec)),
    [live, cluster.name, window, url.spec, url.at],
  );
  useEffect(
    () => live.setRefresh(url.refresh === "live" || url.refresh === "manual" ? url.refresh : Number(url.refresh)),
    [live, url.refresh],
  );

  const past = usePast(cluster.name, window, url.spec, url.at);
  // A view of another cluster is not this page's.
  const now = shown?.cluster === cluster.name ? shown : null;
  // Until the first moment is there, the present stays, so that nothing moves twice.
  const then = past.view ?? (past.loading ? now : null);
  const compared = useCompared(cluster.name, window, url, url.at ? then : now);
  const whole = compared.view;
  const finding = useFind(whole, url);
  const view = finding.shown;
  const summary = useMemo(() => view && summarise(view), [view]);
  const lit = useMemo(() => (view && finding.found ? litBy(view, finding.found) : null), [view, finding.found]);
  const [target, setTarget] = useState<{ id: string } | null>(null);
  const goToNext = (backward: boolean) => {
    const ids = [...(finding.found?.nodes ?? []), ...(finding.found?.edges ?? [])];
    if (ids.length === 0) return;
    const now = ids.indexOf(url.selected ?? "");
    const next = ids[(now + (backward ? -1 : 1) + ids.length + (now < 0 && backward ? 1 : 0)) % ids.length];
    if (!next) return;
    change({ selected: next });
    setTarget({ id: next });
  };
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
  if (url.at && past.error) {
    body = <FailedScreen title="That moment can't be shown" error={past.error} onRetry={past.retry} />;
  } else if (url.at && !view) {
    body = <LoadingScreen what="that moment" />;
  } else if (!view && problem) {
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
  } else if (view.nodes.length === 0 && finding.hidden) {
    body = (
      <EmptyScreen
        title="Everything is hidden"
        action={
          <Button variant="default" mt={6} onClick={() => change({ hide: "" })}>
            Show what is hidden
          </Button>
        }
      >
        {`"${url.hide}" is true of all that is in this view.`}
      </EmptyScreen>
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
    body = <GraphTable view={view} only={lit} selected={url.selected} onSelect={(selected) => change({ selected })} />;
  } else {
    body = (
      <Suspense fallback={<LoadingScreen what="the picture" />}>
        <GraphMap view={view} url={url} found={finding.found} target={target} onChange={change} />
      </Suspense>
    );
  }

  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">Service graph</h1>
      <Toolbar cluster={cluster} url={url} onChange={change} />
      <FindBar view={whole} url={url} finding={finding} onChange={change} onNext={goToNext}>
        {summary &&
          `${many(summary.nodes, "node")} · ${many(summary.edges, "edge")} · ${formatRate(summary.entering)} entering · ${formatShare(summary.errorShare)} errors`}
      </FindBar>
      {url.at && (
        <PastBanner
          at={url.at}
          view={past.view}
          loading={past.loading}
          onLive={() => change({ at: null })}
          onCompare={url.compare ? null : () => change({ compare: url.at, at: null })}
        />
      )}
      <SourceBanners sources={view?.sources ?? []} problem={view ? problem : null} />
      <div className={classes.stage}>
        <ComparePanel
          cluster={cluster.name}
          window={window}
          url={url}
          compared={compared}
          onChange={change}
          onSelect={(id) => {
            change({ selected: id });
            setTarget({ id });
          }}
        />
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
      {(url.span !== null || url.at) && (
        <ReplayBar cluster={cluster} window={window} url={url} ready={!past.loading} onChange={change} />
      )}
    </div>
  );
}
