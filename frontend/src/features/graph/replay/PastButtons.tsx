import { ActionIcon, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { GitCompareArrows, History } from "lucide-react";
import type { GraphUrl } from "../../../graph/view-url";
import { DEFAULT_SPAN } from "./ReplayBar";

/** In the toolbar: the way into the past, and to a comparison with it. */
export function PastButtons({ url, onChange }: { url: GraphUrl; onChange: (part: Partial<GraphUrl>) => void }) {
  const replaying = url.span !== null || url.at !== null;
  const replay = () => onChange(replaying ? { span: null, at: null } : { span: DEFAULT_SPAN });
  const compare = () =>
    onChange({
      compare: url.compare
        ? null
        : new Date((url.at ? Date.parse(url.at) : Date.now()) - DEFAULT_SPAN * 1000).toISOString(),
    });
  useHotkeys([
    ["r", replay],
    ["c", compare],
  ]);
  const buttons = [
    { name: "Replay the past", key: "r", icon: <History size={15} />, on: replaying, press: replay },
    {
      name: "Compare with an hour ago",
      key: "c",
      icon: <GitCompareArrows size={15} />,
      on: url.compare !== null,
      press: compare,
    },
  ];
  return buttons.map(({ name, key, icon, on, press }) => (
    <Tooltip key={key} label={`${name}  ${key}`}>
      <ActionIcon variant={on ? "light" : "default"} size={30} aria-label={name} aria-pressed={on} onClick={press}>
        {icon}
      </ActionIcon>
    </Tooltip>
  ));
}
