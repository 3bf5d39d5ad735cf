import { Kbd, Modal } from "@mantine/core";
import type { Page } from "./pages";
import classes from "./shell.module.css";

const GRAPH_KEYS: [string[], string][] = [
  [["/"], "Find in the graph; Enter goes to the next match"],
  [["Space"], "Pause or resume the live graph, or the film of the past"],
  [["f"], "Fit the graph to the window"],
  [["+"], "Zoom in"],
  [["-"], "Zoom out"],
  [["l"], "Lay the graph out anew"],
  [["r"], "Replay the past of the graph, or close it"],
  [["["], "One moment back in the past"],
  [["]"], "One moment on"],
  [["c"], "Compare the graph with an hour ago"],
  [["←", "↑", "→", "↓"], "From node to node, or along an edge"],
  [["Shift", "→"], "Onto the busiest call out of a node"],
  [["Enter"], "Show the neighbourhood of a node; expand a namespace"],
  [["Esc"], "Leave the neighbourhood, or close the panel"],
];

export function KeyboardHelp({ opened, onClose, pages }: { opened: boolean; onClose: () => void; pages: Page[] }) {
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" size="md">
      <dl className={classes.keys}>
        <dt>
          <Kbd>Ctrl</Kbd>
          <Kbd>K</Kbd>
        </dt>
        <dd>Search everything, or go to a page</dd>
        <dt>
          <Kbd>?</Kbd>
        </dt>
        <dd>This help</dd>
        {pages.map((page) => (
          <Row key={page.path} keys={["g", page.letter]} text={`Go to ${page.label}`} />
        ))}
        {GRAPH_KEYS.map(([keys, text]) => (
          <Row key={text} keys={keys} text={text} />
        ))}
      </dl>
    </Modal>
  );
}

function Row({ keys, text }: { keys: string[]; text: string }) {
  return (
    <>
      <dt>
        {keys.map((key) => (
          <Kbd key={key}>{key}</Kbd>
        ))}
      </dt>
      <dd>{text}</dd>
    </>
  );
}
