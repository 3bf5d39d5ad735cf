import { Button, MultiSelect, Select, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { call, path } from "../../api/client";
import { configQuery } from "../../api/queries";
import type { ConfigDetail } from "../../api/types";
import { Card } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { useCluster } from "../../state/cluster";
import classes from "./authorization.module.css";
import { Changed } from "./Changed";
import { Frame, TrafficNote, useHours } from "./Frame";
import { useTryPolicies } from "./queries";

const KINDS = [
  "AuthorizationPolicy",
  "RequestAuthentication",
  "NetworkPolicy",
  "CiliumNetworkPolicy",
  "Server",
  "ServerAuthorization",
  "MeshTLSAuthentication",
  "NetworkAuthentication",
  "AuthorizationPolicy.policy.linkerd.io",
];
const EMPTY = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: example
  namespace: default
spec:
  selector:
    matchLabels: {app: example}
  action: ALLOW
  rules:
    - from:
        - source:
            principals: [cluster.local/ns/default/sa/web]
`;

/** What would policies do that are not there yet? Nothing is written. */
export function WhatIfPage() {
  const cluster = useCluster()?.name ?? "";
  const hours = useHours();
  const objects = useQuery(configQuery(cluster));
  const names = (objects.data ?? [])
    .filter((one) => KINDS.includes(one.kind))
    .map((one) => `${one.kind} ${one.namespace}/${one.name}`);
  const [text, setText] = useState("");
  const [deleted, setDeleted] = useState<string[]>([]);
  const [failure, setFailure] = useState<unknown>(null);
  const trial = useTryPolicies(cluster);
  const load = async (chosen: string | null) => {
    if (!chosen) return;
    const [kind = "", namespace = "", name = ""] = chosen.split(/[ /]/);
    try {
      const found = await call<ConfigDetail>("GET", path(["clusters", cluster, "config", kind, namespace, name]));
      setText((now) => (now.trim() ? `${now.trimEnd()}\n---\n${found.yaml}` : found.yaml));
      setFailure(null);
    } catch (error) {
      setFailure(error);
    }
  };
  const run = () =>
    trial.mutate({
      yaml: text,
      delete: deleted.map((one) => {
        const [kind = "", namespace = "", name = ""] = one.split(/[ /]/);
        return { kind, namespace, name };
      }),
      hours,
    });
  return (
    <Frame>
      <Card>
        <div className={classes.trial}>
          <Textarea
            size="xs"
            label="Policies as they would be"
            description="Added, or replaced where one of the name exists. Several are parted by ---."
            placeholder={EMPTY}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={12}
            maxRows={26}
            spellCheck={false}
            classNames={{ input: classes.editor }}
          />
          <div className={classes.trialSide}>
            <Select
              label="Begin with a policy that is in force"
              placeholder="Choose one to edit"
              searchable
              data={names}
              value={null}
              onChange={(value) => void load(value)}
            />
            <MultiSelect
              size="xs"
              label="And without these"
              placeholder={deleted.length === 0 ? "Delete none" : undefined}
              searchable
              data={names}
              value={deleted}
              onChange={setDeleted}
            />
            <Button variant="default" onClick={() => setText(EMPTY)}>
              Begin with an example
            </Button>
            <Button onClick={run} loading={trial.isPending} disabled={!text.trim() && deleted.length === 0}>
              Try it on observed traffic
            </Button>
            <p className="dim">
              Nothing is written. Methods, paths and headers are not in the metrics: where a rule asks for them, the
              answer is “partly”.
            </p>
          </div>
        </div>
      </Card>
      {failure !== null && <ProblemAlert error={failure} title="The object can't be read" />}
      {trial.isError ? (
        <ProblemAlert error={trial.error} title="This can't be tried" />
      ) : trial.data ? (
        <>
          <Changed result={trial.data.result} traffic={trial.data.traffic} />
          <TrafficNote traffic={trial.data.traffic} />
        </>
      ) : (
        <EmptyScreen title="Paste or edit a policy">
          The traffic that was observed is put to the policies of now and to these, and each edge that they decide
          otherwise is listed with its rate.
        </EmptyScreen>
      )}
    </Frame>
  );
}
