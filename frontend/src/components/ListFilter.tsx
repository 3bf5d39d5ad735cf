import { Select, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { Search } from "lucide-react";
import { useLinkedText } from "./useLinkedText";
import type { useListFilter } from "./useListFilter";

interface ListFilterProps {
  filter: ReturnType<typeof useListFilter>;
  namespaces: string[];
  kinds?: string[];
  shown: number;
  total: number;
}

/** The row of filters above a list. */
export function ListFilter({ filter, namespaces, kinds, shown, total }: ListFilterProps) {
  const search = useLinkedText(filter.search, filter.setSearch);
  useHotkeys([["/", () => search.field.current?.focus()]]);
  return (
    <div style={{ display: "flex", gap: 8, alignItems: "center", flexWrap: "wrap" }}>
      <TextInput
        ref={search.field}
        w={260}
        placeholder="Filter  ( / )"
        aria-label="Filter"
        leftSection={<Search size={14} aria-hidden />}
        value={search.text}
        onChange={(event) => search.change(event.currentTarget.value)}
      />
      <Select
        aria-label="Namespace"
        placeholder="All namespaces"
        clearable
        allowDeselect
        w={180}
        data={[...new Set(namespaces)].sort()}
        value={filter.namespace}
        onChange={filter.setNamespace}
      />
      {kinds && (
        <Select
          aria-label="Kind"
          placeholder="All kinds"
          clearable
          allowDeselect
          w={210}
          data={[...new Set(kinds)].sort()}
          value={filter.kind}
          onChange={filter.setKind}
        />
      )}
      <span className="dim num">{shown === total ? total : `${shown} of ${total}`}</span>
    </div>
  );
}
