import { Select } from "@mantine/core";
import type { ReactNode } from "react";
import { NavLink, useSearchParams } from "react-router";
import { Page } from "../../components/Page";
import { formatRate } from "../../lib/format";
import { useClusterLink } from "../../state/cluster";
import classes from "./authorization.module.css";
import type { ObservedTraffic } from "./queries";

const TABS = [
  { to: "/authorization", label: "Who may call what", end: true },
  { to: "/authorization/call", label: "May A call B?", end: false },
  { to: "/authorization/what-if", label: "What if", end: false },
  { to: "/authorization/suggest", label: "Suggestions", end: false },
];
const HOURS = [
  { value: "0", label: "Traffic now" },
  { value: "1", label: "Last hour" },
  { value: "6", label: "Last 6 hours" },
  { value: "24", label: "Last 24 hours" },
  { value: "168", label: "Last 7 days" },
];

/** A text of the page that the link holds. */
export function useLinked() {
  const [params, setParams] = useSearchParams();
  const put = (changes: Record<string, string | null>) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        for (const [name, value] of Object.entries(changes)) {
          if (value) next.set(name, value);
          else next.delete(name);
        }
        return next;
      },
      { replace: true },
    );
  return { get: (name: string) => params.get(name) ?? "", put };
}

export function useHours(): number {
  const [params] = useSearchParams();
  const hours = params.get("hours") ?? "0";
  return HOURS.some((one) => one.value === hours) ? Number(hours) : 0;
}

/** The authorization pages' common head: which page, and over which traffic. */
export function Frame({
  actions,
  traffic = true,
  children,
}: {
  actions?: ReactNode;
  traffic?: boolean;
  children: ReactNode;
}) {
  const link = useClusterLink();
  const hours = useHours();
  const { put } = useLinked();
  return (
    <Page
      title="Authorization"
      actions={
        <>
          {actions}
          {traffic && (
            <Select
              aria-label="Observed traffic"
              data={HOURS}
              value={String(hours)}
              allowDeselect={false}
              w={150}
              onChange={(value) => put({ hours: value === "0" ? null : value })}
            />
          )}
        </>
      }
    >
      <nav className={classes.tabs} aria-label="Authorization">
        {TABS.map((tab) => (
          <NavLink key={tab.to} to={link(tab.to, hours ? { hours: String(hours) } : {})} end={tab.end}>
            {tab.label}
          </NavLink>
        ))}
      </nav>
      {children}
    </Page>
  );
}

/** Which traffic an answer is about. */
export function TrafficNote({ traffic }: { traffic: ObservedTraffic }) {
  const span = traffic.hours ? `on average over the last ${traffic.hours} h` : `over the last ${traffic.seconds} s`;
  return (
    <p className="dim" style={{ margin: 0 }}>
      Observed: {traffic.edges} edges, {formatRate(traffic.rate)}, {span}.
    </p>
  );
}
