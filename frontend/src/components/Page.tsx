import type { UseQueryResult } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { Link } from "react-router";
import { useClusterLink } from "../state/cluster";
import classes from "./page.module.css";
import { FailedScreen, LoadingScreen } from "./screens";

interface PageProps {
  title: ReactNode;
  /** The way here: pages above this one. */
  crumbs?: { label: string; to: string }[];
  /** What can be done with it, at the right of the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of every page but the graph. */
export function Page({ title, crumbs = [], actions, children }: PageProps) {
  const link = useClusterLink();
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        {crumbs.length > 0 && (
          <nav className={classes.crumbs} aria-label="Breadcrumb">
            {crumbs.map((crumb) => (
              <Fragment key={crumb.to}>
                <Link to={link(crumb.to)}>{crumb.label}</Link>
                <span aria-hidden>/</span>
              </Fragment>
            ))}
          </nav>
        )}
        <h1 className={classes.title}>{title}</h1>
        <div className={classes.grow} />
        {actions}
      </header>
      {children}
    </div>
  );
}

export function Card({ title, children }: { title?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.card}>
      {title && <h2>{title}</h2>}
      {children}
    </section>
  );
}

export function TableCard({ children }: { children: ReactNode }) {
  return <div className={classes.tableCard}>{children}</div>;
}

export function Columns({ children }: { children: ReactNode }) {
  return <div className={classes.columns}>{children}</div>;
}

/** Names and values; rows without a value are left out. */
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== "")
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

/** The three screens of a query: loading, failed, and what it answered. An old answer stays while a new one fails. */
export function Answer<T>({
  query,
  what,
  children,
}: {
  query: UseQueryResult<T>;
  what: string;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <FailedScreen error={query.error} onRetry={() => void query.refetch()} />;
  return <LoadingScreen what={what} />;
}

interface PageLinkProps {
  to: string;
  params?: Record<string, string>;
  children: ReactNode;
}

export function PageLink({ to, params, children }: PageLinkProps) {
  const link = useClusterLink();
  return (
    <Link className={classes.link} to={link(to, params)}>
      {children}
    </Link>
  );
}
