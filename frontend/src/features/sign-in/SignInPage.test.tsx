import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { configureClient } from "../../api/client";
import { renderPage, stubApi } from "../../components/testing";
import { SignInPage } from "./SignInPage";

test("a wrong password is told, and what was typed stays", async () => {
  configureClient({ csrfToken: "token" });
  const asked = stubApi({
    "POST /session": () => ({
      status: 401,
      body: { code: "not_signed_in", message: "The user name or password is wrong." },
    }),
  });
  const user = userEvent.setup();
  renderPage(<SignInPage />);
  await user.type(screen.getByLabelText("User name"), "operator");
  await user.type(screen.getByLabelText("Password"), "guess");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect((await screen.findByRole("alert")).textContent).toContain("wrong");
  expect(screen.getByLabelText("User name")).toHaveProperty("value", "operator");
  expect(asked[0]?.body).toEqual({ username: "operator", password: "guess" });
  expect(asked[0]?.headers["X-CSRFToken"]).toBe("token");
});
