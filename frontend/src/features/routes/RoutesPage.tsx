import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Eye, RotateCcw, Undo2 } from "lucide-react";
import { useState } from "react";
import { useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useApplyRoute, usePreviewRoute, useUndo } from "../../api/mutations";
import { routesQuery } from "../../api/queries";
import { useCanEdit } from "../../api/session";
import type { AppliedChange, ConflictProblem, RouteSettings, ServiceRoutes } from "../../api/types";
import { Notice } from "../../components/Notice";
import { ObjectLink } from "../../components/ObjectLink";
import { Answer, Card, Page, PageLink } from "../../components/Page";
import { mayApply, PreviewPanel } from "../../components/PreviewPanel";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { YamlView } from "../../components/Yaml";
import { useCluster } from "../../state/cluster";
import { ActiveShift } from "../shifts/ActiveShift";
import classes from "../weights/weights.module.css";
import { sameSettings } from "./draft";
import { SettingsForm } from "./SettingsForm";

export function RoutesPage() {
  const { namespace = "", name = "" } = useParams();
  const cluster = useCluster()?.name ?? "";
  const query = useQuery(routesQuery(cluster, namespace, name));
  const without = query.error instanceof ApiError && query.error.status === 404;
  return (
    <Page
      title={`Timeouts, retries and faults of ${name}`}
      crumbs={[
        { label: "Services", to: "/services" },
        { label: name, to: `/services/${namespace}/${name}` },
      ]}
    >
      <ActiveShift namespace={namespace} name={name} />
      {without ? (
        <EmptyScreen title="No VirtualService is in force for it">{(query.error as ApiError).message}</EmptyScreen>
      ) : (
        <Answer query={query} what="the routes">
          {(current) => (
            <RoutesForm
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

/** What is being edited: the settings wanted, and the routes as they were when editing began. */
interface Draft {
  base: ServiceRoutes;
  settings: RouteSettings;
}

const EXPIRIES = [
  { value: "300", label: "5 minutes" },
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "1 hour" },
  { value: "", label: "Never: it stays" },
];

interface FormProps {
  cluster: string;
  namespace: string;
  name: string;
  current: ServiceRoutes;
}

export function RoutesForm({ cluster, namespace, name, current }: FormProps) {
  const canEdit = useCanEdit();
  const [index, setIndex] = useState(() =>
    Math.max(
      0,
      current.routes.findIndex((route) => !route.fixed),
    ),
  );
  const [draft, setDraft] = useState<Draft | null>(null);
  const [expiry, setExpiry] = useState("300");
  const [reason, setReason] = useState("");
  const [applied, setApplied] = useState<AppliedChange | null>(null);
  const preview = usePreviewRoute(cluster, namespace, name);
  const apply = useApplyRoute(cluster, namespace, name);

  const base = draft?.base ?? current;
  const route = base.routes[index];
  if (!route) return <EmptyScreen title="No HTTP routes">{`${base.object.name} has none.`}</EmptyScreen>;
  const settings = draft?.settings ?? route.settings;
  const dirty = !sameSettings(settings, route.settings);
  const injects = settings.delay !== null || settings.abort !== null;
  const editable = canEdit && current.editable && !route.fixed;
  const error = apply.error ?? preview.error;
  const conflict = error instanceof ApiError && error.status === 409 ? (error.body as ConflictProblem) : null;

  const forget = () => {
    preview.reset();
    apply.reset();
  };
  const startOver = () => {
    setDraft(null);
    setReason("");
    forget();
  };
  const input = { resource_version: base.resource_version, route: index, settings };
  const runApply = () =>
    apply.mutate(
      { ...input, reason, expires_seconds: injects && expiry ? Number(expiry) : null },
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
          {base.routes.length > 1 ? (
            <Select
              label="Route"
              description="In the order in which they are tried"
              data={base.routes.map((one) => ({ value: String(one.index), label: `${one.name}: ${one.matches}` }))}
              value={String(index)}
              allowDeselect={false}
              mb={14}
              onChange={(value) => {
                setIndex(Number(value));
                startOver();
              }}
            />
          ) : (
            <div style={{ marginBottom: 14 }}>
              <b>{route.name}</b> <span className="dim">{route.matches}</span>
            </div>
          )}
          {route.fixed ? (
            <Notice tone="muted" title="This route has no settings">
              {route.fixed}
            </Notice>
          ) : (
            <SettingsForm
              route={route}
              settings={settings}
              chain={current.chain}
              conditions={current.retry_conditions}
              readOnly={!editable}
              onChange={(changed) => {
                forget();
                setApplied(null);
                setDraft({ base, settings: changed });
              }}
            />
          )}
          {editable && (
            <>
              {injects && (
                <Select
                  label="Takes itself back after"
                  description="So that a forgotten fault ends by itself"
                  data={EXPIRIES}
                  value={expiry}
                  allowDeselect={false}
                  mb={14}
                  onChange={(value) => setExpiry(value ?? "")}
                />
              )}
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
                  onClick={() => {
                    apply.reset();
                    preview.mutate(input);
                  }}
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
          )}
          {!route.fixed && !editable && (
            <Notice
              tone="muted"
              title={canEdit ? `Owned by ${current.managed_by ?? "another controller"}` : "You may look, not edit"}
            >
              {canEdit
                ? "An edit here would be reverted. Change it where its owner keeps it."
                : "Changing a route needs the operator role."}
            </Notice>
          )}
        </Card>
      </div>
      <div className={classes.steps}>
        {applied && <Done applied={applied} />}
        {conflict && (
          <Notice tone="warn" title="Somebody changed it in the meantime" role="alert" testId="conflict">
            <p style={{ margin: "0 0 8px" }}>{conflict.message}. Nothing was written.</p>
            <Button variant="default" onClick={startOver}>
              Read it again
            </Button>
            {conflict.current_yaml && <YamlView text={conflict.current_yaml} label="The object now" maxHeight={420} />}
          </Notice>
        )}
        {error && !conflict && (
          <ProblemAlert error={error} title={apply.error ? "It was not applied" : "There is no preview"} />
        )}
        {preview.data && !conflict && <PreviewPanel preview={preview.data} />}
        {!preview.data && !error && !applied && editable && (
          <EmptyScreen title={dirty ? "Preview the change" : "Change a setting"}>
            Before anything is written you see what changes, in words and as YAML, what it does to live traffic, and
            what the cluster says to it.
          </EmptyScreen>
        )}
      </div>
    </div>
  );
}

function Done({ applied }: { applied: AppliedChange }) {
  const undo = useUndo();
  const shown = undo.data ?? applied;
  return (
    <>
      <Notice tone="good" title={undo.isSuccess ? "Undone" : "Applied"} role="status" testId="applied">
        {shown.sentences.map((sentence) => (
          <div key={sentence}>{sentence}</div>
        ))}
        <div style={{ margin: "4px 0 10px" }}>
          Recorded as <PageLink to={`/changes/${shown.change_id}`}>change #{shown.change_id}</PageLink>. Traffic follows
          within seconds.
        </div>
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
      </Notice>
      {undo.isError && <ProblemAlert error={undo.error} title="It couldn't be undone" />}
    </>
  );
}
