import { Boxes, FileCode2, History, type LucideIcon, Network, Waypoints, Zap } from "lucide-react";
import { type ComponentType, type LazyExoticComponent, lazy } from "react";

export interface Page {
  path: string;
  label: string;
  icon: LucideIcon;
  component: LazyExoticComponent<ComponentType>;
  /** Only where the cluster is the embedded demo. */
  demoOnly?: boolean;
  /** `g` then this letter goes there. */
  letter: string;
}

const loadGraph = () => import("../features/graph/GraphPage");

/** The pages of the navigation: one row each. */
export const PAGES: Page[] = [
  {
    path: "/graph",
    label: "Graph",
    icon: Waypoints,
    letter: "g",
    component: lazy(() => loadGraph().then((m) => ({ default: m.GraphPage }))),
  },
];
void Boxes;
void FileCode2;
void History;
void Network;
void Zap;

/** The home page is wanted at once: its code is fetched while the session is being checked. */
export function preloadHome(): void {
  void loadGraph();
}
