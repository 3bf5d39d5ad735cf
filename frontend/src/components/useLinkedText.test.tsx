import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { useLinkedText } from "./useLinkedText";

let arrive: (text: string) => void = () => {};

function Field({ linked }: { linked: string }) {
  const { text, change, field } = useLinkedText(linked, (next) => arrive(next));
  return <input ref={field} aria-label="Find" value={text} onChange={(event) => change(event.currentTarget.value)} />;
}

test("a link that lags behind fast typing never takes letters back", async () => {
  const written: string[] = [];
  arrive = (text) => written.push(text);
  const user = userEvent.setup();
  const { rerender } = render(<Field linked="" />);
  await user.type(screen.getByLabelText("Find"), "cart");
  rerender(<Field linked="c" />);
  expect(screen.getByLabelText("Find")).toHaveProperty("value", "cart");
  expect(written).toEqual(["c", "ca", "car", "cart"]);
});

test("a field that nobody types in follows the link", () => {
  const { rerender } = render(<Field linked="old" />);
  act(() => rerender(<Field linked="new" />));
  expect(screen.getByLabelText("Find")).toHaveProperty("value", "new");
});
