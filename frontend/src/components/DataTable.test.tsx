import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { type Column, DataTable } from "./DataTable";
import { renderPage } from "./testing";

interface Row {
  name: string;
  rate: number | null;
}

const COLUMNS: Column<Row>[] = [
  { key: "name", title: "Name", cell: (row) => row.name, sort: (row) => row.name },
  { key: "rate", title: "Rate", numeric: true, cell: (row) => row.rate ?? "–", sort: (row) => row.rate },
];
const ROWS: Row[] = [
  { name: "b2", rate: null },
  { name: "b10", rate: 3 },
  { name: "a", rate: 20 },
];

function names(): string[] {
  return screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => row.querySelector("td")?.textContent ?? "");
}

test("names sort as people count, numbers largest first, and what is not known comes last either way", async () => {
  const user = userEvent.setup();
  renderPage(
    <DataTable label="Rows" rows={ROWS} columns={COLUMNS} rowKey={(row) => row.name} initialSort={{ key: "name" }} />,
  );
  expect(names()).toEqual(["a", "b2", "b10"]);
  await user.click(screen.getByRole("button", { name: "Rate" }));
  expect(names()).toEqual(["a", "b10", "b2"]);
  await user.click(screen.getByRole("button", { name: "Rate" }));
  expect(names()).toEqual(["b10", "a", "b2"]);
  expect(screen.getByRole("columnheader", { name: "Rate" }).getAttribute("aria-sort")).toBe("ascending");
});
