import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { Download } from "lucide-react";
import { exportUrl } from "../../api/queries";
import { understand } from "../../graph/find";
import type { GraphUrl } from "../../graph/view-url";

const DATA = [
  { to: "graphml", label: "GraphML", use: "yEd, Gephi, NetworkX" },
  { to: "dot", label: "DOT", use: "Graphviz" },
  { to: "json", label: "JSON", use: "scripts" },
] as const;
const PICTURES = [
  { to: "svg", label: "SVG", use: "the picture, in vectors" },
  { to: "png", label: "PNG", use: "the picture, in pixels" },
] as const;
export type PictureFormat = (typeof PICTURES)[number]["to"];

interface ExportMenuProps {
  cluster: string;
  window: number;
  url: GraphUrl;
  /** Saves the picture; null while there is none. */
  onPicture: ((to: PictureFormat) => void) | null;
}

/** The view for other programs and for people: what is hidden is left out of all of them. */
export function ExportMenu({ cluster, window, url, onPicture }: ExportMenuProps) {
  // What the server would refuse is not asked of it.
  const hiding = understand(url.hide);
  const hidden = hiding.expression ? hiding.text : "";
  return (
    <Menu>
      <Menu.Target>
        <Tooltip label="Export this view">
          <ActionIcon variant="default" size={30} aria-label="Export this view">
            <Download size={15} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {PICTURES.map(({ to, label, use }) => (
          <Menu.Item
            key={to}
            disabled={!onPicture}
            onClick={() => onPicture?.(to)}
            rightSection={<span className="dim">{use}</span>}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        {DATA.map(({ to, label, use }) => (
          <Menu.Item
            key={to}
            component="a"
            href={exportUrl(cluster, window, url.spec, hidden, to, url.at)}
            download
            rightSection={<span className="dim">{use}</span>}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
