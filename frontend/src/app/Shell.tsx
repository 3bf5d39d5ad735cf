import { ActionIcon, Kbd, Menu, Select, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import {
  ChevronsLeft,
  ChevronsRight,
  CircleHelp,
  CircleUserRound,
  LogOut,
  Monitor,
  Moon,
  Search,
  Sun,
} from "lucide-react";
import { Suspense, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate, useRouteError, useSearchParams } from "react-router";
import { clustersQuery } from "../api/queries";
import { useSession, useSignOut } from "../api/session";
import { Logo } from "../components/Logo";
import { EmptyScreen, FailedScreen, LoadingScreen } from "../components/screens";
import { ALL_CLUSTERS, useCluster, useClusterLink, useClusterOrAll } from "../state/cluster";
import { KeyboardHelp } from "./KeyboardHelp";
import { PAGES } from "./pages";
import { SearchPalette } from "./SearchPalette";
import classes from "./shell.module.css";
import { usePageKeys } from "./usePageKeys";

const SCHEMES = { light: Sun, dark: Moon, auto: Monitor } as const;
const SCHEME_NAMES = { light: "Light", dark: "Dark", auto: "As the system" } as const;

function ThemeMenu() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = SCHEMES[colorScheme];
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={`Theme: ${SCHEME_NAMES[colorScheme]}`}>
          <Icon size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["light", "dark", "auto"] as const).map((scheme) => {
          const SchemeIcon = SCHEMES[scheme];
          return (
            <Menu.Item
              key={scheme}
              leftSection={<SchemeIcon size={15} />}
              onClick={() => setColorScheme(scheme)}
              aria-current={scheme === colorScheme || undefined}
            >
              {SCHEME_NAMES[scheme]}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

function UserMenu() {
  const session = useSession().data;
  const signOut = useSignOut();
  if (!session?.username) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label={`Signed in as ${session.username}`} data-testid="user-menu">
          <CircleUserRound size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.username} · {session.role}
        </Menu.Label>
        <Menu.Item leftSection={<LogOut size={15} />} onClick={() => signOut.mutate()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function ClusterChoice() {
  const { data } = useQuery(clustersQuery);
  const cluster = useCluster();
  const all = useClusterOrAll();
  const onGraph = useLocation().pathname.startsWith("/graph");
  const navigate = useNavigate();
  const [, setParams] = useSearchParams();
  if (!data || data.length < 2)
    return (
      <span className="dim">
        {cluster && (
          <>
            Cluster <b style={{ color: "var(--text)" }}>{cluster.label}</b>
          </>
        )}
      </span>
    );
  return (
    <Select
      aria-label="Cluster"
      w={170}
      data={[
        ...data.map((item) => ({ value: item.name, label: item.label })),
        ...(onGraph ? [{ value: ALL_CLUSTERS, label: "All clusters" }] : []),
      ]}
      value={(onGraph ? all : cluster)?.name ?? null}
      onChange={(name) => {
        navigate(location.pathname);
        setParams(name ? { cluster: name } : {});
      }}
    />
  );
}

export function Shell() {
  const cluster = useCluster();
  const link = useClusterLink();
  const navigate = useNavigate();
  const [collapsed, setCollapsed] = useLocalStorage({
    key: "meshui-nav-collapsed",
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const [searching, setSearching] = useState(false);
  const [helping, setHelping] = useState(false);
  const pages = PAGES.filter((page) => !page.demoOnly || cluster?.demo);

  useHotkeys([
    ["mod+K", () => setSearching(true)],
    ["shift+?", () => setHelping(true)],
    ["?", () => setHelping(true)],
  ]);
  usePageKeys(pages, (path) => navigate(link(path)));

  return (
    <div className={classes.shell}>
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <header className={classes.top}>
        <Link to={link("/graph")} className={classes.brand}>
          <Logo size={22} />
          MeshUI
        </Link>
        <ClusterChoice />
        <div className={classes.grow} />
        <button type="button" className={classes.search} onClick={() => setSearching(true)}>
          <Search size={14} aria-hidden />
          <span>Search services, workloads, config…</span>
          <Kbd size="xs">Ctrl K</Kbd>
        </button>
        <Tooltip label="Keyboard shortcuts (?)">
          <ActionIcon aria-label="Keyboard shortcuts" onClick={() => setHelping(true)}>
            <CircleHelp size={17} />
          </ActionIcon>
        </Tooltip>
        <ThemeMenu />
        <UserMenu />
      </header>
      <nav className={classes.nav} aria-label="Pages" data-collapsed={collapsed || undefined}>
        {pages.map((page) => (
          <Tooltip key={page.path} label={page.label} position="right" disabled={!collapsed}>
            <NavLink to={link(page.path)} className={classes.link} aria-label={page.label}>
              <page.icon size={17} aria-hidden />
              {!collapsed && page.label}
            </NavLink>
          </Tooltip>
        ))}
        <button
          type="button"
          className={`${classes.link} ${classes.fold}`}
          onClick={() => setCollapsed(!collapsed)}
          aria-label={collapsed ? "Expand the navigation" : undefined}
        >
          {collapsed ? <ChevronsRight size={17} /> : <ChevronsLeft size={17} />}
          {!collapsed && "Collapse"}
        </button>
      </nav>
      <main className={classes.main} id="main" tabIndex={-1}>
        <ClusterGate>
          <Suspense fallback={<LoadingScreen what="the page" />}>
            <Outlet />
          </Suspense>
        </ClusterGate>
      </main>
      {searching && <SearchPalette opened onClose={() => setSearching(false)} pages={pages} />}
      <KeyboardHelp opened={helping} onClose={() => setHelping(false)} pages={pages} />
    </div>
  );
}

function ClusterGate({ children }: { children: React.ReactNode }) {
  const clusters = useQuery(clustersQuery);
  if (clusters.isPending) return <LoadingScreen what="the clusters" />;
  if (clusters.isError)
    return (
      <FailedScreen
        error={clusters.error}
        title="The clusters couldn't be listed"
        onRetry={() => void clusters.refetch()}
      />
    );
  if (clusters.data.length === 0) {
    return (
      <EmptyScreen title="No cluster yet">
        MeshUI watches no cluster. Set KUBECONFIG and PROMETHEUS_URL for the server and restart it; README says how.
      </EmptyScreen>
    );
  }
  return children;
}

export function NotFound() {
  return (
    <EmptyScreen title="There is no such page">
      The link may be old, or mistyped. The navigation at the left leads everywhere.
    </EmptyScreen>
  );
}

export function PageFailed() {
  return <FailedScreen error={useRouteError()} title="This page failed" onRetry={() => location.reload()} />;
}
