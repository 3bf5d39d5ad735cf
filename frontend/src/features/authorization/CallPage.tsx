import { Autocomplete, Button, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { servicesQuery, workloadsQuery } from "../../api/queries";
import { Answer, Card } from "../../components/Page";
import { ProblemAlert } from "../../components/ProblemAlert";
import { EmptyScreen } from "../../components/screens";
import { useCluster } from "../../state/cluster";
import classes from "./authorization.module.css";
import { Frame, useLinked } from "./Frame";
import { explainQuery, type Question } from "./queries";
import { Reaches } from "./Reaches";

const FIELDS = ["caller", "service", "port", "method", "path", "host", "headers", "source_ip", "claims"] as const;
type Form = Record<(typeof FIELDS)[number], string>;
const OUTSIDE = "outside the mesh";
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/** "name: value" lines. */
export function headersOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [name, ...rest] = line.split(":");
    if (name?.trim()) found[name.trim().toLowerCase()] = rest.join(":").trim();
  }
  return found;
}

/** What the form asks; null where it is not complete, a text where it is wrong. */
export function questionOf(form: Form): Question | null | string {
  if (!form.service) return null;
  const question: Question = { caller: form.caller === OUTSIDE ? "" : form.caller, service: form.service };
  if (form.port) question.port = Number(form.port);
  for (const name of ["method", "path", "host", "source_ip"] as const) if (form[name]) question[name] = form[name];
  // With any part of a request given, what is left empty is meant to be absent.
  if (form.headers || form.method || form.path) question.headers = headersOf(form.headers);
  if (form.claims.trim()) {
    try {
      const claims: unknown = JSON.parse(form.claims);
      if (typeof claims !== "object" || claims === null || Array.isArray(claims))
        return "Claims must be a JSON object.";
      question.token = { claims: claims as Record<string, unknown> };
    } catch {
      return "Claims must be a JSON object.";
    }
  } else if (form.method || form.path) question.token = null;
  return question;
}

/** May A call B, and if not, which layer, object and rule says so. */
export function CallPage() {
  const cluster = useCluster()?.name ?? "";
  const { get, put } = useLinked();
  const linked = Object.fromEntries(FIELDS.map((name) => [name, get(name)])) as Form;
  const [form, setForm] = useState(linked);
  const services = useQuery(servicesQuery(cluster));
  const workloads = useQuery(workloadsQuery(cluster));
  const asked = questionOf(linked);
  const query = useQuery(explainQuery(cluster, typeof asked === "string" ? null : asked));
  const set = (name: keyof Form) => (value: string | null) => setForm((now) => ({ ...now, [name]: value ?? "" }));
  const text = (name: keyof Form) => ({
    value: form[name],
    onChange: (event: { currentTarget: { value: string } }) => set(name)(event.currentTarget.value),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put(form);
  };
  const ports = services.data?.find((one) => `${one.namespace}/${one.name}` === form.service)?.ports ?? [];
  return (
    <Frame traffic={false}>
      <Card>
        <form onSubmit={submit} className={classes.form} aria-label="May A call B?">
          <Select
            label="Caller"
            searchable
            data={[OUTSIDE, ...(workloads.data ?? []).map((one) => `${one.namespace}/${one.name}`)]}
            value={form.caller || OUTSIDE}
            allowDeselect={false}
            onChange={set("caller")}
          />
          <Select
            label="Service"
            searchable
            placeholder="namespace/name"
            data={(services.data ?? []).map((one) => `${one.namespace}/${one.name}`)}
            value={form.service || null}
            onChange={(value) => setForm((now) => ({ ...now, service: value ?? "", port: "" }))}
          />
          <Select
            label="Port"
            data={ports.map((one) => ({ value: String(one.port), label: `${one.port} ${one.name}` }))}
            value={form.port || (ports[0] ? String(ports[0].port) : null)}
            allowDeselect={false}
            onChange={set("port")}
          />
          <Autocomplete
            size="xs"
            label="Method"
            placeholder="any"
            data={METHODS}
            value={form.method}
            onChange={set("method")}
          />
          <TextInput label="Path" placeholder="any" {...text("path")} />
          <TextInput label="Host" placeholder="any" {...text("host")} />
          <TextInput label="Caller's address" placeholder="any" {...text("source_ip")} />
          <Textarea
            size="xs"
            label="Headers"
            placeholder={"x-tenant: gold\nx-team: a"}
            autosize
            minRows={1}
            maxRows={5}
            {...text("headers")}
          />
          <Textarea
            size="xs"
            label="Token's claims"
            placeholder={'{"iss": "…", "sub": "…"}'}
            autosize
            minRows={1}
            maxRows={5}
            error={typeof asked === "string" ? asked : undefined}
            {...text("claims")}
          />
          <Button type="submit" disabled={!form.service} className={classes.submit}>
            Ask
          </Button>
        </form>
      </Card>
      {asked === null ? (
        <EmptyScreen title="Choose a caller and a service">
          The answer names the layer, the object and the rule that decide, and the rules that nearly matched. What you
          leave empty is not known, so that the answer may be “partly”.
        </EmptyScreen>
      ) : query.isError && !query.data ? (
        <ProblemAlert error={query.error} title="It can't be told" />
      ) : (
        typeof asked !== "string" && (
          <Answer query={query} what="the answer">
            {(answer) => <Reaches answer={answer} />}
          </Answer>
        )
      )}
    </Frame>
  );
}
