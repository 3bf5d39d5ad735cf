import { Modal, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Boxes, FileCode2, Network, Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { configQuery, servicesQuery, workloadsQuery } from "../api/queries";
import { useCluster, useClusterLink } from "../state/cluster";
import type { Page } from "./pages";
import classes from "./palette.module.css";

interface Hit {
  key: string;
  icon: ReactNode;
  label: string;
  detail: string;
  to: string;
}

const SHOWN = 12;

/** Everything that has a name, by typing a part of it. */
export function SearchPalette({ opened, onClose, pages }: { opened: boolean; onClose: () => void; pages: Page[] }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={560} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Search">
        <Modal.Body p={0}>
          <Palette pages={pages} onClose={onClose} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Palette({ pages, onClose }: { pages: Page[]; onClose: () => void }) {
  const navigate = useNavigate();
  const link = useClusterLink();
  const cluster = useCluster()?.name ?? "";
  const services = useQuery(servicesQuery(cluster));
  const workloads = useQuery(workloadsQuery(cluster));
  const config = useQuery(configQuery(cluster));
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);

  const all = useMemo<Hit[]>(
    () => [
      ...pages.map((page) => ({
        key: page.path,
        icon: <page.icon size={16} />,
        label: page.label,
        detail: "page",
        to: link(page.path),
      })),
      ...(services.data ?? []).map((item) => ({
        key: `s/${item.namespace}/${item.name}`,
        icon: <Network size={16} />,
        label: item.name,
        detail: `service in ${item.namespace}`,
        to: link(`/services/${item.namespace}/${item.name}`),
      })),
      ...(workloads.data ?? []).map((item) => ({
        key: `w/${item.namespace}/${item.name}`,
        icon: <Boxes size={16} />,
        label: item.name,
        detail: `workload in ${item.namespace}`,
        to: link(`/workloads/${item.namespace}/${item.name}`),
      })),
      ...(config.data ?? []).map((item) => ({
        key: `c/${item.kind}/${item.namespace}/${item.name}`,
        icon: <FileCode2 size={16} />,
        label: item.name,
        detail: `${item.kind}${item.namespace ? ` in ${item.namespace}` : ""}`,
        to: link(`/config/${item.kind}/${item.namespace || "_"}/${item.name}`),
      })),
    ],
    [pages, services.data, workloads.data, config.data, link],
  );
  const hits = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return all
      .filter((hit) => words.every((word) => `${hit.label} ${hit.detail}`.toLowerCase().includes(word)))
      .sort(
        (a, b) =>
          Number(!a.label.toLowerCase().includes(words[0] ?? "")) -
          Number(!b.label.toLowerCase().includes(words[0] ?? "")),
      )
      .slice(0, SHOWN);
  }, [all, text]);

  const go = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    navigate(hit.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setActive((active + step + hits.length) % Math.max(1, hits.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(hits[active]);
    }
  };

  return (
    <div className={classes.palette}>
      <TextInput
        size="md"
        variant="unstyled"
        autoFocus
        placeholder="Search services, workloads, config, pages…"
        aria-label="Search"
        role="combobox"
        aria-expanded
        aria-controls="search-hits"
        aria-activedescendant={hits[active] ? `hit-${active}` : undefined}
        leftSection={<Search size={17} />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={classes.hits} id="search-hits" role="listbox" aria-label="Found">
        {hits.map((hit, index) => (
          <button
            key={hit.key}
            id={`hit-${index}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={classes.hit}
            onMouseMove={() => setActive(index)}
            onClick={() => go(hit)}
          >
            {hit.icon}
            <span className={classes.label}>{hit.label}</span>
            <span className="dim">{hit.detail}</span>
          </button>
        ))}
        {hits.length === 0 && <p className={classes.none}>Nothing is called “{text}”.</p>}
      </div>
    </div>
  );
}
