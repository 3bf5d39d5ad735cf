import { cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { ChangePreview, ServiceWeights } from "../../api/types";
import { renderPage, stubApi } from "../../components/testing";
import { WeightsForm } from "./WeightsPage";

const OBJECT = { kind: "VirtualService", namespace: "shop", name: "catalog" };

function split(v1: number, v2: number, version = "7"): ServiceWeights {
  const destination = (label: string, weight: number) => ({
    id: label,
    label,
    subset: label,
    host: "catalog",
    weight,
    workloads: [{ namespace: "shop", name: `catalog-${label}` }],
    rate: weight / 5,
    pods_ready: 1,
    pods_total: 1,
  });
  return {
    object: OBJECT,
    resource_version: version,
    editable: true,
    managed_by: null,
    reason: "It is in force.",
    routes: [{ name: "split", matches: "all", destinations: [destination("v1", v1), destination("v2", v2)] }],
  };
}

const PREVIEW: ChangePreview = {
  object: OBJECT,
  resource_version: "7",
  diff_yaml: "--- a\n+++ b\n@@ -1 +1 @@\n-weight: 10\n+weight: 50\n",
  sentences: ["v2: 10% → 50%"],
  findings: [],
  dry_run: { ok: true, message: "The cluster accepts it." },
  effect: ["Moves about 8 req/s from v1 to v2."],
  before_yaml: "weight: 10\n",
  after_yaml: "weight: 50\n",
};

const BASE = "/clusters/demo/services/shop/catalog/weights";
const APPLIED = { change_id: 5, object: OBJECT, resource_version: "8", sentences: ["v2: 10% → 50%"] };

function form(current = split(90, 10), canEdit = true) {
  renderPage(<WeightsForm cluster="demo" namespace="shop" name="catalog" current={current} />, { canEdit });
  return userEvent.setup();
}

async function setV2(user: ReturnType<typeof userEvent.setup>, value: string) {
  const field = screen.getByLabelText("Weight of v2 in percent");
  await user.clear(field);
  await user.type(field, value);
}

test("the other version takes the rest, and nothing can be applied before it was previewed", async () => {
  const asked = stubApi({
    [`POST ${BASE}/preview`]: () => ({ body: PREVIEW }),
    [`POST ${BASE}/apply`]: () => ({ body: APPLIED }),
  });
  const user = form();
  expect(screen.getByRole("button", { name: "Preview" })).toHaveProperty("disabled", true);
  await setV2(user, "50");
  expect(screen.getByLabelText("Weight of v1 in percent")).toHaveProperty("value", "50 %");
  expect(screen.getByRole("button", { name: "Apply" })).toHaveProperty("disabled", true);
  await user.click(screen.getByRole("button", { name: "Preview" }));
  const preview = await screen.findByTestId("preview");
  expect(within(preview).getByText("Moves about 8 req/s from v1 to v2.")).toBeTruthy();
  await user.type(screen.getByLabelText("Reason"), "half");
  await user.click(screen.getByRole("button", { name: "Apply" }));
  await screen.findByTestId("applied");
  // Parts of the page read what they show beside it.
  const posted = asked.filter((one) => one.route.startsWith("POST"));
  expect(posted.map((one) => one.route)).toEqual([`POST ${BASE}/preview`, `POST ${BASE}/apply`]);
  expect(posted[1]?.body).toEqual({ resource_version: "7", weights: { v1: 50, v2: 50 }, reason: "half" });
});

test("a preview doesn't outlive the weights it was made for", async () => {
  stubApi({ [`POST ${BASE}/preview`]: () => ({ body: PREVIEW }) });
  const user = form();
  await setV2(user, "50");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  await screen.findByTestId("preview");
  await setV2(user, "60");
  expect(screen.queryByTestId("preview")).toBeNull();
  expect(screen.getByRole("button", { name: "Apply" })).toHaveProperty("disabled", true);
});

test("an error found by validation, or a refused dry run, blocks applying", async () => {
  const finding = {
    severity: "error",
    code: "unknown_subset",
    message: "There is no subset v9.",
    path: "spec",
  } as const;
  for (const bad of [
    { ...PREVIEW, findings: [finding] },
    { ...PREVIEW, dry_run: { ok: false, message: "denied" } },
  ]) {
    stubApi({ [`POST ${BASE}/preview`]: () => ({ body: bad }) });
    const user = form();
    await setV2(user, "50");
    await user.click(screen.getByRole("button", { name: "Preview" }));
    await screen.findByTestId("preview");
    expect(screen.getByRole("button", { name: "Apply" })).toHaveProperty("disabled", true);
    cleanup();
  }
});

test("a conflict shows all three ways, and mine can be previewed again on top of theirs", async () => {
  let previews = 0;
  const conflict = {
    code: "conflict",
    message: "Somebody changed it.",
    next_step: "",
    context: {},
    fields: {},
    current: split(80, 20, "8"),
    current_yaml: "a: 1\n",
  };
  const asked = stubApi({
    [`POST ${BASE}/preview`]: () => {
      previews += 1;
      return previews === 1 ? { status: 409, body: conflict } : { body: { ...PREVIEW, resource_version: "8" } };
    },
  });
  const user = form();
  await setV2(user, "30");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  const row = within(await screen.findByTestId("conflict"))
    .getByText("v2")
    .closest("tr") as HTMLElement;
  expect([...row.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["v2", "10 %", "20 %", "30 %"]);
  await user.click(screen.getByRole("button", { name: /Keep my weights/ }));
  await screen.findByTestId("preview");
  expect(asked[1]?.body).toEqual({ resource_version: "8", weights: { v1: 70, v2: 30 } });
  expect(screen.queryByTestId("conflict")).toBeNull();
});

test("a refusal names the wrong field", async () => {
  stubApi({
    [`POST ${BASE}/preview`]: () => ({
      status: 400,
      body: {
        code: "invalid",
        message: "The weights are wrong.",
        next_step: "Correct them.",
        context: {},
        fields: { weights: "They add to 101." },
      },
    }),
  });
  const user = form();
  await setV2(user, "50");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  expect((await screen.findByTestId("problem")).textContent).toContain("They add to 101.");
});

test("an applied change can be undone at once", async () => {
  const asked = stubApi({
    [`POST ${BASE}/preview`]: () => ({ body: PREVIEW }),
    [`POST ${BASE}/apply`]: () => ({ body: APPLIED }),
    "POST /changes/5/undo": () => ({ body: { ...APPLIED, change_id: 6, sentences: ["v2: 50% → 10%"] } }),
  });
  const user = form();
  await setV2(user, "50");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  await screen.findByTestId("preview");
  await user.click(screen.getByRole("button", { name: "Apply" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(screen.getByTestId("applied").textContent).toContain("v2: 50% → 10%"));
  expect(asked.at(-1)?.route).toBe("POST /changes/5/undo");
});

test("a viewer, and anybody where another controller owns the object, sees no way to edit", () => {
  form(split(90, 10), false);
  expect(screen.queryByRole("button", { name: "Apply" })).toBeNull();
  expect(screen.getByText(/needs the operator role/)).toBeTruthy();
  cleanup();
  form({ ...split(90, 10), editable: false, managed_by: "Argo CD" });
  expect(screen.queryByRole("button", { name: "Preview" })).toBeNull();
  expect(screen.getByText("Owned by Argo CD")).toBeTruthy();
});
