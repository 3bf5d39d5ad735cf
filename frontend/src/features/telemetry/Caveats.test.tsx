import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage } from "../../components/testing";
import { anEdge } from "../../graph/fixtures";
import { Caveats } from "./Caveats";

test("what the metrics can't tell is said, sentence by sentence", () => {
  renderPage(<Caveats edge={anEdge("web", "db", { caveats: ["No HTTP metrics: why.", "Another."] })} />);
  expect(screen.getAllByTestId("telemetry-caveat").map((one) => one.textContent)).toEqual([
    "No HTTP metrics: why.",
    "Another.",
  ]);
});
