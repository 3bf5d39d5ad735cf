import {
  BadgeCheck,
  Boxes,
  FileCode2,
  Flame,
  History,
  Lock,
  type LucideIcon,
  Network,
  Route,
  Server,
  ShieldCheck,
  Waypoints,
} from "lucide-react";
import { type ComponentType, lazy } from "react";

export interface Page {
  path: string;
  label: string;
  icon: LucideIcon;
  component: ComponentType;
  /** `g` and then this letter go there. */
  letter: string;
  /** Only where the cluster is the embedded demo. */
  demoOnly?: boolean;
  /** Pages below it. */
  below?: { path: string; component: ComponentType }[];
}

const loadGraph = () => import("../features/graph/GraphPage");

/** A page's code is fetched when it is first opened. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name): ComponentType {
  return lazy<ComponentType>(async () => ({ default: (await load())[name] }));
}

/** The pages of the navigation: one row each. */
export const PAGES: Page[] = [
  { path: "/graph", label: "Graph", icon: Waypoints, letter: "g", component: page(loadGraph, "GraphPage") },
  {
    path: "/services",
    label: "Services",
    icon: Network,
    letter: "s",
    component: page(() => import("../features/services/ServicesPage"), "ServicesPage"),
    below: [
      { path: ":namespace/:name", component: page(() => import("../features/services/ServicePage"), "ServicePage") },
      {
        path: ":namespace/:name/weights",
        component: page(() => import("../features/weights/WeightsPage"), "WeightsPage"),
      },
      {
        path: ":namespace/:name/routes",
        component: page(() => import("../features/routes/RoutesPage"), "RoutesPage"),
      },
      {
        path: ":namespace/:name/shift",
        component: page(() => import("../features/shifts/StartShiftPage"), "StartShiftPage"),
      },
    ],
  },
  {
    path: "/workloads",
    label: "Workloads",
    icon: Boxes,
    letter: "w",
    component: page(() => import("../features/workloads/WorkloadsPage"), "WorkloadsPage"),
    below: [
      { path: ":namespace/:name", component: page(() => import("../features/workloads/WorkloadPage"), "WorkloadPage") },
    ],
  },
  {
    path: "/mtls",
    label: "Mutual TLS",
    icon: Lock,
    letter: "m",
    component: page(() => import("../features/mtls/MtlsPage"), "MtlsPage"),
    below: [
      {
        path: ":namespace",
        component: page(() => import("../features/mtls/NamespaceMtlsPage"), "NamespaceMtlsPage"),
      },
      {
        path: ":namespace/strict",
        component: page(() => import("../features/mtls/StrictPlanPage"), "StrictPlanPage"),
      },
    ],
  },
  {
    path: "/authorization",
    label: "Authorization",
    icon: ShieldCheck,
    letter: "a",
    component: page(() => import("../features/authorization/MatrixPage"), "MatrixPage"),
    below: [
      { path: "call", component: page(() => import("../features/authorization/CallPage"), "CallPage") },
      { path: "what-if", component: page(() => import("../features/authorization/WhatIfPage"), "WhatIfPage") },
      { path: "suggest", component: page(() => import("../features/authorization/SuggestPage"), "SuggestPage") },
    ],
  },
  {
    path: "/proxies",
    label: "Proxies",
    icon: Server,
    letter: "p",
    component: page(() => import("../features/proxies/ProxiesPage"), "ProxiesPage"),
    below: [{ path: ":namespace/:pod", component: page(() => import("../features/proxies/ProxyPage"), "ProxyPage") }],
  },
  {
    path: "/explain",
    label: "Explain",
    icon: Route,
    letter: "e",
    component: page(() => import("../features/explain/ExplainPage"), "ExplainPage"),
  },
  {
    path: "/certificates",
    label: "Certificates",
    icon: BadgeCheck,
    letter: "t",
    component: page(() => import("../features/certificates/CertificatesPage"), "CertificatesPage"),
  },
  {
    path: "/config",
    label: "Policies",
    icon: FileCode2,
    letter: "c",
    component: page(() => import("../features/policies/PoliciesPage"), "PoliciesPage"),
    below: [
      {
        path: ":kind/:namespace/:name",
        component: page(() => import("../features/policies/PolicyPage"), "PolicyPage"),
      },
    ],
  },
  {
    path: "/changes",
    label: "Changes",
    icon: History,
    letter: "h",
    component: page(() => import("../features/changes/ChangesPage"), "ChangesPage"),
    below: [
      { path: ":id", component: page(() => import("../features/changes/ChangePage"), "ChangePage") },
      { path: "shifts/:id", component: page(() => import("../features/shifts/ShiftPage"), "ShiftPage") },
    ],
  },
  {
    path: "/demo",
    label: "Demo faults",
    icon: Flame,
    letter: "d",
    demoOnly: true,
    component: page(() => import("../features/demo/DemoPage"), "DemoPage"),
  },
];

/** The home page is wanted at once: its code is fetched while the session is being checked. */
export function preloadHome(): void {
  void loadGraph();
  void import("../features/graph/GraphMap");
}
