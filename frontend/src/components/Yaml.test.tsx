import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage } from "./testing";
import { YamlView } from "./Yaml";

test("a note stands below the line that it is about", () => {
  renderPage(
    <YamlView
      label="An object"
      text={"kind: VirtualService\nspec:\n  hosts: []\n"}
      notes={[{ line: 2, tone: "bad", text: "It is empty." }]}
    />,
  );
  const note = screen.getByTestId("yaml-note");
  expect(note.getAttribute("data-line")).toBe("2");
  expect(note.previousElementSibling?.textContent).toBe("2spec:");
});
