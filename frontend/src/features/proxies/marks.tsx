import { CircleCheck, CircleDashed, CircleHelp, CircleX, Clock } from "lucide-react";
import type { ReactNode } from "react";
import type { TypeSync } from "../../api/types";
import { PageLink } from "../../components/Page";
import type { Tone } from "../../graph/overlay";

const SYNC: Record<TypeSync["state"], { icon: typeof CircleCheck; tone: Tone; text: string }> = {
  synced: { icon: CircleCheck, tone: "good", text: "synced" },
  in_force: { icon: CircleCheck, tone: "plain", text: "in force" },
  stale: { icon: Clock, tone: "warn", text: "stale" },
  not_sent: { icon: CircleDashed, tone: "muted", text: "not sent" },
  rejected: { icon: CircleX, tone: "bad", text: "rejected" },
  unknown: { icon: CircleHelp, tone: "muted", text: "unknown" },
};

/** A state of sync: an icon and a word, the reason as its title. */
export function SyncMark({ sync }: { sync: TypeSync | undefined }) {
  if (!sync) return <span className="dim">–</span>;
  const look = SYNC[sync.state];
  return (
    <Mark icon={look.icon} tone={look.tone} title={sync.reason}>
      {look.text}
    </Mark>
  );
}

export function syncRank(sync: TypeSync | undefined): number {
  return sync ? ["rejected", "stale", "unknown", "not_sent", "in_force", "synced"].indexOf(sync.state) : 9;
}

export function Mark({
  icon: Icon,
  tone,
  title,
  children,
}: {
  icon: typeof CircleCheck;
  tone: Tone;
  title?: string;
  children: ReactNode;
}) {
  return (
    <span title={title} style={{ display: "inline-flex", gap: 5, alignItems: "center", whiteSpace: "nowrap" }}>
      <Icon size={13} color={`var(--tone-${tone})`} aria-hidden />
      {children}
    </span>
  );
}

export function formatBytes(bytes: number | null): string {
  if (bytes === null) return "–";
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Path of a proxy's page; one that is no pod has no namespace. */
export function proxyPath(namespace: string, pod: string): string {
  return `/proxies/${encodeURIComponent(namespace || "_")}/${encodeURIComponent(pod)}`;
}

export function ProxyLink({ namespace, pod, children }: { namespace: string; pod: string; children?: ReactNode }) {
  return (
    <PageLink to={proxyPath(namespace, pod)}>
      <span className="mono">{children ?? pod}</span>
    </PageLink>
  );
}
