import { MultiSelect, NumberInput, SegmentedControl, Switch, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import type { Hop, HttpRoute, RouteSettings } from "../../api/types";
import { amplification, attemptsOf, MESH_ATTEMPTS, withPart } from "./draft";
import classes from "./routes.module.css";

interface FormProps {
  route: HttpRoute;
  settings: RouteSettings;
  chain: readonly Hop[];
  conditions: readonly string[];
  readOnly: boolean;
  onChange: (settings: RouteSettings) => void;
}

function Part({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function numberOr(value: number | string, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

/** Every setting of one route; a part that is switched off is the mesh's own, or not there. */
export function SettingsForm({ route, settings, chain, conditions, readOnly, onChange }: FormProps) {
  const { timeout_ms, retries, delay, abort, mirror } = settings;
  const put = <P extends keyof RouteSettings>(part: P, value: RouteSettings[P]) =>
    onChange(withPart(settings, part, value));
  const mode = retries === null ? "mesh" : retries.attempts === 0 ? "none" : "own";
  const host = route.hosts[0] ?? "";
  return (
    <>
      <Part title="Timeout">
        <Switch
          label="End requests that take too long"
          checked={timeout_ms !== null}
          disabled={readOnly}
          onChange={(event) => put("timeout_ms", event.currentTarget.checked ? 3000 : null)}
        />
        {timeout_ms !== null && (
          <NumberInput
            label="Timeout"
            description="With all its attempts; 0 is none"
            suffix=" ms"
            value={timeout_ms}
            min={0}
            max={3_600_000}
            allowDecimal={false}
            disabled={readOnly}
            onChange={(value) => put("timeout_ms", numberOr(value, 0))}
          />
        )}
      </Part>
      <Part title="Retries">
        <SegmentedControl
          aria-label="Retries"
          value={mode}
          disabled={readOnly}
          onChange={(value) =>
            put(
              "retries",
              value === "mesh"
                ? null
                : value === "none"
                  ? { attempts: 0, per_try_timeout_ms: null, retry_on: [] }
                  : { attempts: 2, per_try_timeout_ms: null, retry_on: ["connect-failure", "refused-stream"] },
            )
          }
          data={[
            { value: "mesh", label: "As the mesh does" },
            { value: "none", label: "None" },
            { value: "own", label: "These" },
          ]}
        />
        {retries && mode === "own" && (
          <>
            <div className={classes.fields}>
              <NumberInput
                label="Attempts"
                description="After the first one"
                value={retries.attempts}
                min={1}
                max={20}
                allowDecimal={false}
                disabled={readOnly}
                onChange={(value) => put("retries", { ...retries, attempts: numberOr(value, 1) })}
              />
              <NumberInput
                label="Each at most"
                description="Empty: the timeout"
                suffix=" ms"
                value={retries.per_try_timeout_ms ?? ""}
                min={1}
                max={3_600_000}
                allowDecimal={false}
                disabled={readOnly}
                onChange={(value) =>
                  put("retries", { ...retries, per_try_timeout_ms: typeof value === "number" ? value : null })
                }
              />
            </div>
            <MultiSelect
              label="Retried when"
              description="Envoy's conditions, or status codes"
              data={[...new Set([...conditions, "429", "502", "503", "504", ...retries.retry_on])]}
              value={[...retries.retry_on]}
              searchable
              disabled={readOnly}
              onChange={(value) => put("retries", { ...retries, retry_on: value })}
            />
          </>
        )}
        <Amplification chain={chain} attempts={attemptsOf(settings, MESH_ATTEMPTS)} />
      </Part>
      <Part title="Fault: delay">
        <Switch
          label="Make some requests wait"
          checked={delay !== null}
          disabled={readOnly}
          onChange={(event) => put("delay", event.currentTarget.checked ? { percent: 10, delay_ms: 1000 } : null)}
        />
        {delay && (
          <div className={classes.fields}>
            <NumberInput
              label="Delayed share"
              suffix=" %"
              value={delay.percent}
              min={0}
              max={100}
              decimalScale={3}
              disabled={readOnly}
              onChange={(value) => put("delay", { ...delay, percent: numberOr(value, 0) })}
            />
            <NumberInput
              label="Delay"
              suffix=" ms"
              value={delay.delay_ms}
              min={1}
              max={3_600_000}
              allowDecimal={false}
              disabled={readOnly}
              onChange={(value) => put("delay", { ...delay, delay_ms: numberOr(value, 1) })}
            />
          </div>
        )}
      </Part>
      <Part title="Fault: abort">
        <Switch
          label="Answer some requests with an error"
          checked={abort !== null}
          disabled={readOnly}
          onChange={(event) => put("abort", event.currentTarget.checked ? { percent: 10, status: 503 } : null)}
        />
        {abort && (
          <div className={classes.fields}>
            <NumberInput
              label="Aborted share"
              suffix=" %"
              value={abort.percent}
              min={0}
              max={100}
              decimalScale={3}
              disabled={readOnly}
              onChange={(value) => put("abort", { ...abort, percent: numberOr(value, 0) })}
            />
            <NumberInput
              label="Status"
              value={abort.status}
              min={200}
              max={599}
              allowDecimal={false}
              disabled={readOnly}
              onChange={(value) => put("abort", { ...abort, status: numberOr(value, 503) })}
            />
          </div>
        )}
      </Part>
      <Part title="Mirror">
        <Switch
          label="Send a copy of some requests elsewhere"
          checked={mirror !== null}
          disabled={readOnly}
          onChange={(event) => put("mirror", event.currentTarget.checked ? { host, percent: 100, subset: null } : null)}
        />
        {mirror && (
          <div className={classes.fields}>
            <TextInput
              label="Host"
              value={mirror.host}
              maxLength={253}
              disabled={readOnly}
              onChange={(event) => put("mirror", { ...mirror, host: event.currentTarget.value })}
            />
            <TextInput
              label="Subset"
              placeholder="any"
              value={mirror.subset ?? ""}
              maxLength={253}
              disabled={readOnly}
              onChange={(event) => put("mirror", { ...mirror, subset: event.currentTarget.value || null })}
            />
            <NumberInput
              label="Mirrored share"
              suffix=" %"
              value={mirror.percent}
              min={0}
              max={100}
              decimalScale={3}
              disabled={readOnly}
              onChange={(value) => put("mirror", { ...mirror, percent: numberOr(value, 0) })}
            />
          </div>
        )}
      </Part>
    </>
  );
}

/** How many requests one from outside can become, call by call, while the number is being typed. */
function Amplification({ chain, attempts }: { chain: readonly Hop[]; attempts: number }) {
  if (chain.length === 0) return null;
  const most = amplification(chain, attempts);
  return (
    <div data-testid="amplification" data-most={most}>
      <div className="dim" style={{ marginBottom: 4 }}>
        When everything below fails, one request from outside can become <b>{most}</b> here:
      </div>
      <ol className={classes.chain}>
        <li>{chain[0]?.caller}</li>
        {chain.map((hop, index) => (
          <li key={`${hop.caller}>${hop.service}`}>
            <span aria-hidden>→</span>
            <span className={classes.times}>
              ×{index === chain.length - 1 ? attempts : hop.attempts}
              <span className="visually-hidden"> attempts</span>
            </span>
            {hop.service}
          </li>
        ))}
      </ol>
    </div>
  );
}
