import { Button } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import type { Cluster } from "../../api/types";
import { EmptyScreen, FailedScreen, LoadingScreen } from "../../components/screens";
import { many } from "../../graph/find-complete";
import { within } from "../../graph/focus";
import { isLarge } from "../../graph/large";
import { tooLargeForLayers } from "../../graph/layout";
import { litBy } from "../../graph/lit";
import { specKey } from "../../graph/model";
import { summarise } from "../../graph/summary";
import { formatRate, formatShare } from "../../lib/format";
import { useClusterOrAll } from "../../state/cluster";
import { useLiveGraph, useLiveState } from "../../state/live-context";
import { ComparePanel } from "./compare/ComparePanel";
import { useCompared } from "./compare/useCompared";
import type { PictureFormat } from "./ExportMenu";
import { FindBar } from "./FindBar";
import { GraphTable } from "./GraphTable";
import classes from "./graph.module.css";
import { MapNotes } from "./MapNotes";
import type { GraphScene } from "./map/scene";
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
// The drawing code is on its way while the toolbar is painted.
void loadMap();

export function GraphPage() {
  const cluster = useClusterOrAll();
  return cluster ? <LiveGraphPage cluster={cluster} /> : <LoadingScreen what="the graph" />;
}

function LiveGraphPage({ cluster }: { cluster: Cluster }) {
  const live = useLiveGraph();
  const { shown, shownKey, problem, connection } = useLiveState();
  const [url, change] = useGraphUrl();
  const [scene, setScene] = useState<GraphScene | null>(null);
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
  const wholeKey = url.at && past.view ? specKey(cluster.name, window, url.spec) : shownKey;
  const opensByNamespace =
    !!whole && !url.viewChosen && url.spec.namespaces.length + url.spec.workloads.length === 0 && isLarge(whole);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    if (!opensByNamespace) return;
    setOpened(true);
    change({ spec: { ...url.spec, kind: "namespace" }, viewChosen: true });
  }, [opensByNamespace, change, url.spec]);

  const finding = useFind(whole, url);
  const view = useMemo(
    () => (finding.shown && url.focus ? within(finding.shown, url.focus, url.hops) : finding.shown),
    [finding.shown, url.focus, url.hops],
  );
  const summary = useMemo(() => view && summarise(view), [view]);
  const lit = useMemo(() => (view && finding.found ? litBy(view, finding.found) : null), [view, finding.found]);
  const [target, setTarget] = useState<{ id: string } | null>(null);
  const goToNext = (backward: boolean) => {
    const ids = [...(finding.found?.nodes ?? []), ...(finding.found?.edges ?? [])];
    const now = ids.indexOf(url.selected ?? "");
    const next = backward ? (now <= 0 ? ids.length : now) - 1 : (now + 1) % ids.length;
    const id = ids[next];
    if (!id) return;
    change({ selected: id });
    setTarget({ id });
  };

  const select = useCallback((selected: string | null) => change({ selected }), [change]);
  const leave = () => change(url.focus ? { focus: null, hops: 1 } : { selected: null });
  useHotkeys([["Escape", leave]]);
  const open = (id: string) => {
    const node = view?.nodes.find((item) => item.id === id);
    const box = view?.boxes.find((item) => item.id === id);
    const { spec } = url;
    if (node?.kind === "namespace")
      change({ spec: { ...spec, expanded: [...spec.expanded, node.name] }, viewChosen: true, selected: null });
    else if (node) change({ focus: id, selected: id });
    else if (box?.kind === "namespace" && spec.expanded.includes(box.label))
      change({ spec: { ...spec, expanded: spec.expanded.filter((name) => name !== box.label) } });
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
  const exporter = useRef<((to: PictureFormat) => void) | null>(null);
  exporter.current = (to) => {
    const exposed = scene?.exposed();
    if (view && exposed)
      void import("./map/export-picture").then(({ exportPicture }) => exportPicture(to, exposed, view, url));
  };

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
  } else if (!view || opensByNamespace) {
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
    const scope = [...url.spec.namespaces, ...url.spec.workloads];
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
        {scope.length > 0
          ? `Nothing was sent or received in ${scope.join(", ")} within the window.`
          : "No proxy reported a request within the window. Workloads without traffic are hidden."}
      </EmptyScreen>
    );
  } else if (url.as === "table") {
    body = <GraphTable view={view} only={lit} selected={url.selected} onSelect={select} />;
  } else {
    body = (
      <Suspense fallback={<LoadingScreen what="the picture" />}>
        <GraphMap
          view={view}
          viewKey={`${wholeKey}|${url.focus ? `${url.hops} around ${url.focus}` : ""}`}
          url={url}
          found={finding.found}
          target={target}
          onChange={change}
          onOpen={open}
          onScene={setScene}
        >
          <MapNotes view={view} url={url} opened={opened} onChange={change} onLeave={leave} />
        </GraphMap>
      </Suspense>
    );
  }

  return (
    <div className={classes.page}>
      <h1 className="visually-hidden">Service graph</h1>
      <Toolbar
        cluster={cluster}
        url={url}
        tooLarge={!!view && tooLargeForLayers(view)}
        onChange={change}
        onPicture={scene ? (to) => exporter.current?.(to) : null}
      />
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
            onSelect={select}
            onOpen={open}
          />
        )}
      </div>
      {(url.span !== null || url.at) && (
        <ReplayBar cluster={cluster} window={window} url={url} ready={!past.loading} onChange={change} />
      )}
    </div>
  );
}
