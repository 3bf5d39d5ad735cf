import { Table, UnstyledButton } from "@mantine/core";
import { ChevronDown, ChevronsUpDown, ChevronUp } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import classes from "./data-table.module.css";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** What to sort by; without it the column isn't sortable. Nulls come last either way. */
  sort?: (row: T) => string | number | null;
  numeric?: boolean;
}

interface DataTableProps<T> {
  label: string;
  rows: readonly T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  initialSort?: { key: string; descending?: boolean };
  onRowClick?: (row: T) => void;
  selected?: string | null;
  rowData?: (row: T) => Record<`data-${string}`, string | number>;
}

/** A dense table that sorts by its headings. */
export function DataTable<T>({
  label,
  rows,
  columns,
  rowKey,
  initialSort,
  onRowClick,
  selected,
  rowData,
}: DataTableProps<T>) {
  const [order, setOrder] = useState(initialSort ?? null);
  const sorted = useMemo(() => {
    const by = columns.find((column) => column.key === order?.key)?.sort;
    if (!by || !order) return rows;
    const sign = order.descending ? -1 : 1;
    return [...rows].sort((a, b) => {
      const [left, right] = [by(a), by(b)];
      if (left === null || right === null) return Number(left === null) - Number(right === null);
      const cmp =
        typeof left === "number" && typeof right === "number"
          ? left - right
          : String(left).localeCompare(String(right), "en", { numeric: true });
      return sign * cmp || rowKey(a).localeCompare(rowKey(b));
    });
  }, [rows, columns, order, rowKey]);

  return (
    <Table aria-label={label} stickyHeader highlightOnHover className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) => {
            const current = order?.key === column.key;
            const Arrow = !current ? ChevronsUpDown : order?.descending ? ChevronDown : ChevronUp;
            return (
              <Table.Th
                key={column.key}
                data-numeric={column.numeric || undefined}
                aria-sort={current ? (order?.descending ? "descending" : "ascending") : undefined}
              >
                {column.sort ? (
                  <UnstyledButton
                    className={classes.heading}
                    onClick={() =>
                      setOrder({ key: column.key, descending: current ? !order?.descending : column.numeric })
                    }
                  >
                    {column.title}
                    <Arrow size={12} aria-hidden className={current ? undefined : classes.quiet} />
                  </UnstyledButton>
                ) : (
                  column.title
                )}
              </Table.Th>
            );
          })}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sorted.map((row) => (
          <Table.Tr
            key={rowKey(row)}
            {...rowData?.(row)}
            data-selected={rowKey(row) === selected || undefined}
            className={onRowClick ? classes.clickable : undefined}
            onClick={onRowClick && ((event) => !(event.target as Element).closest("a, button") && onRowClick(row))}
          >
            {columns.map((column) => (
              <Table.Td key={column.key} data-numeric={column.numeric || undefined}>
                {column.cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
