import { Select } from "@mantine/core";
import { useSearchParams } from "react-router";
import { useCluster } from "../../state/cluster";

/** The window over which traffic is looked at, kept in the link. */
export function useWindow(): number {
  const cluster = useCluster();
  const [params] = useSearchParams();
  const wanted = Number(params.get("window"));
  const known = cluster?.windows.some((window) => window.seconds === wanted);
  return known ? wanted : (cluster?.default_window_seconds ?? 0);
}

export function WindowSelect() {
  const cluster = useCluster();
  const [, setParams] = useSearchParams();
  const window = useWindow();
  return (
    <Select
      aria-label="Traffic of the last"
      w={120}
      data={(cluster?.windows ?? []).map((one) => ({ value: String(one.seconds), label: `last ${one.label}` }))}
      value={String(window)}
      onChange={(value) =>
        setParams(
          (current) => {
            const next = new URLSearchParams(current);
            if (value) next.set("window", value);
            return next;
          },
          { replace: true },
        )
      }
    />
  );
}
