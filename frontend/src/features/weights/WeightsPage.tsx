import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Eye, RotateCcw, TrendingUp, Undo2, Waypoints } from "lucide-react";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useApplyWeights, usePreviewWeights, useUndo } from "../../api/mutations";
import { weightsQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import type { AppliedChange, ConflictProblem, ServiceWeights } from "../../api/types";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Page, PageLink } from "../../components/Page";
import { mayApply, PreviewPanel } from "../../components/PreviewPanel";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { useCluster, useClusterLink } from "../../state/cluster";
import { ExplainChange } from "../explain/ExplainChange";
import { RolloutNote } from "../proxies/RolloutNote";
import { ActiveShift } from "../shifts/ActiveShift";
import { ConflictPanel } from "./ConflictPanel";
import { RouteEditor } from "./RouteEditor";
import type { Weights } from "./redistribute";
import classes from "./weights.module.css";

export function WeightsPage() {
  const { namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(weightsQuery(cluster, namespace, name));
  const link = useClusterLink();
  const unsplit = query.error instanceof ApiError && query.error.status === 404;
  return (
    <Page
      title={`Weights of ${name}`}
      crumbs={[
        { label: "Services", to: "/services" },
        { label: name, to: `/services/${namespace}/${name}` },
      ]}
      actions={
        query.data?.editable && (
          <Button
            component={Link}
            variant="default"
            leftSection={<TrendingUp size={14} />}
            to={link(`/services/${namespace}/${name}/shift`)}
          >
            Shift gradually
          </Button>
        )
      }
    >
      <ActiveShift namespace={namespace} name={name} />
      {unsplit ? (
        <EmptyScreen title="Nothing divides this service's traffic">{(query.error as ApiError).message}</EmptyScreen>
      ) : (
        <Answer query={query} what="the weights">
          {(current) => (
            <WeightsForm
              key={`${cluster}/${namespace}/${name}`}
              cluster={cluster}
              namespace={namespace}
              name={name}
              current={current}
            />
          )}
        </Answer>
      )}
    </Page>
  );
}

/** What is being edited: the weights wanted, and the split as it was when editing began. */
interface Draft {
  base: ServiceWeights;
  weights: Weights;
}

function allWeights(split: ServiceWeights): Weights {
  return Object.fromEntries(split.routes.flatMap((route) => route.destinations).map((one) => [one.id, one.weight]));
}

interface FormProps {
  cluster: string;
  namespace: string;
  name: string;
  current: ServiceWeights;
}

export function WeightsForm({ cluster, namespace, name, current }: FormProps) {
  const canEdit = useCanEdit();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [reason, setReason] = useState("");
  const [applied, setApplied] = useState<AppliedChange | null>(null);
  const preview = usePreviewWeights(cluster, namespace, name);
  const apply = useApplyWeights(cluster, namespace, name);

  const base = draft?.base ?? current;
  const weights = draft?.weights ?? allWeights(current);
  // Rates and pods go on living while the weights of the object that was read stay.
  const live = new Map(current.routes.flatMap((route) => route.destinations).map((one) => [one.id, one]));
  const dirty = draft !== null && Object.entries(allWeights(base)).some(([id, weight]) => weights[id] !== weight);
  const error = apply.error ?? preview.error;
  const conflict = error instanceof ApiError && error.status === 409 ? (error.body as ConflictProblem) : null;
  const editable = canEdit && current.editable;

  const forget = () => {
    preview.reset();
    apply.reset();
  };
  const startOver = () => {
    setDraft(null);
    setReason("");
    forget();
  };
  const edit = (changed: Weights) => {
    forget();
    setApplied(null);
    setDraft({ base, weights: { ...weights, ...changed } });
  };
  const input = { resource_version: base.resource_version, weights };
  const runPreview = (over: Partial<typeof input> = {}) => {
    apply.reset();
    preview.mutate({ ...input, ...over });
  };
  const runApply = () =>
    apply.mutate(
      { ...input, reason },
      {
        onSuccess: (change) => {
          setApplied(change);
          startOver();
        },
      },
    );

  return (
    <div className={classes.layout}>
      <div className={classes.steps}>
        <Card>
          <div style={{ marginBottom: 12 }}>
            <ObjectLink object={base.object} />
            <div className="dim">{base.reason}</div>
          </div>
          {base.routes.map((route) => (
            <div key={route.name} style={{ marginBottom: 18 }}>
              {base.routes.length > 1 && (
                <h2 style={{ margin: "0 0 8px", fontSize: 13.5 }}>
                  {route.name} <span className="dim">{route.matches}</span>
                </h2>
              )}
              <RouteEditor
                route={{
                  ...route,
                  destinations: route.destinations.map((one) => ({
                    ...one,
                    rate: live.get(one.id)?.rate ?? one.rate,
                    pods_ready: live.get(one.id)?.pods_ready ?? one.pods_ready,
                    pods_total: live.get(one.id)?.pods_total ?? one.pods_total,
                  })),
                }}
                weights={weights}
                onChange={edit}
                readOnly={!editable}
              />
            </div>
          ))}
          {editable ? (
            <>
              <TextInput
                label="Reason"
                description="Kept in the history; optional"
                value={reason}
                maxLength={2000}
                onChange={(event) => setReason(event.currentTarget.value)}
                mb={14}
              />
              <div className={classes.buttons}>
                <Button
                  variant={preview.data ? "default" : "filled"}
                  leftSection={<Eye size={14} />}
                  disabled={!dirty}
                  loading={preview.isPending}
                  onClick={() => runPreview()}
                >
                  Preview
                </Button>
                <Button
                  disabled={!preview.data || !mayApply(preview.data)}
                  loading={apply.isPending}
                  onClick={runApply}
                >
                  Apply
                </Button>
                <Button
                  variant="subtle"
                  color="gray"
                  leftSection={<RotateCcw size={14} />}
                  disabled={!draft}
                  onClick={startOver}
                >
                  Start over
                </Button>
              </div>
            </>
          ) : (
            <Notice
              tone="muted"
              title={canEdit ? `Owned by ${current.managed_by ?? "another controller"}` : "You may look, not edit"}
            >
              {canEdit
                ? "An edit here would be reverted. Change the weights where their owner keeps them."
                : "Changing weights needs the operator role."}
            </Notice>
          )}
        </Card>
      </div>
      <div className={classes.steps}>
        {applied && <AppliedPanel cluster={cluster} namespace={namespace} name={name} applied={applied} />}
        {conflict && (
          <ConflictPanel
            problem={conflict}
            base={base}
            mine={weights}
            onTakeTheirs={startOver}
            onKeepMine={(split) => {
              setDraft({ base: split, weights });
              runPreview({ resource_version: split.resource_version });
            }}
          />
        )}
        {error && !conflict && (
          <ProblemAlert error={error} title={apply.error ? "It was not applied" : "There is no preview"} />
        )}
        {preview.data && !conflict && (
          <>
            <PreviewPanel preview={preview.data} />
            <ExplainChange namespace={namespace} name={name} weights={weights} />
          </>
        )}
        {!preview.data && !error && !applied && editable && (
          <EmptyScreen title={dirty ? "Preview the change" : "Move a weight"}>
            {dirty
              ? "Before anything is written you see what changes, in words and as YAML, what it does to live traffic, and what the cluster says to it."
              : "The versions always total 100 %. Nothing is written until you have seen a preview and applied it."}
          </EmptyScreen>
        )}
      </div>
    </div>
  );
}

function AppliedPanel({
  cluster,
  namespace,
  name,
  applied,
}: {
  cluster: string;
  namespace: string;
  name: string;
  applied: AppliedChange;
}) {
  const undo = useUndo();
  const link = useClusterLink();
  return (
    <div className={classes.steps}>
      <Notice tone="good" title={undo.isSuccess ? "Undone" : "Applied"} role="status" testId="applied">
        {(undo.data ?? applied).sentences.map((sentence) => (
          <div key={sentence}>{sentence}</div>
        ))}
        <div style={{ margin: "4px 0 10px" }}>
          Recorded as{" "}
          <PageLink to={`/changes/${(undo.data ?? applied).change_id}`}>
            change #{(undo.data ?? applied).change_id}
          </PageLink>
          . Traffic follows within seconds.
        </div>
        <RolloutNote object={applied.object} />
        <div className={classes.buttons}>
          {!undo.isSuccess && (
            <Button
              variant="default"
              leftSection={<Undo2 size={14} />}
              loading={undo.isPending}
              onClick={() => undo.mutate({ id: applied.change_id })}
            >
              Undo
            </Button>
          )}
          <Button
            component={Link}
            variant="default"
            leftSection={<Waypoints size={14} />}
            to={link("/graph", { services: "1", selected: `service:${cluster}/${namespace}/${name}` })}
          >
            Watch in the graph
          </Button>
        </div>
      </Notice>
      {undo.isError && <ProblemAlert error={undo.error} title="It couldn't be undone" />}
    </div>
  );
}
