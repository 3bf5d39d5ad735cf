import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage, stubApi } from "../../components/testing";
import { StrictPlanPage } from "./StrictPlanPage";

const PLAN = {
  namespace: "warehouse",
  workload: null,
  status: "would_break",
  exit_code: 1,
  reason: "STRICT in warehouse would break 1 caller (old/legacy).",
  already: false,
  window_seconds: 60,
  evaluated_at: null,
  workloads: ["warehouse/inventory"],
  callers: [
    {
      node: "workload:demo/old/legacy",
      namespace: "old",
      name: "legacy",
      destination: "workload:demo/warehouse/inventory",
      destination_namespace: "warehouse",
      destination_name: "inventory",
      service: "warehouse/inventory",
      protocol: "http",
      rate: 2,
      plain_rate: 2,
      cause: "no_proxy",
      reason: "old/legacy has no proxy.",
      decided_by: null,
      last_seen: null,
      candidates: [],
    },
  ],
  hazards: [
    {
      code: "probe",
      namespace: "warehouse",
      name: "inventory",
      breaks: true,
      message: "A probe.",
      next_step: "Mend it.",
    },
  ],
  quiet: [{ namespace: "warehouse", name: "stockdb", requests: 3 }],
  steps: [
    { kind: "proxy", title: "Give it a proxy", text: "So.", yaml: "kind: Deployment\n", patch: true, optional: false },
    {
      kind: "strict",
      title: "Make it STRICT",
      text: "Now.",
      yaml: "kind: PeerAuthentication\n",
      patch: false,
      optional: false,
    },
  ],
  policy_yaml: "kind: PeerAuthentication\n",
  replaces: null,
};

test("the verdict, who would break, and the steps with their objects are on the page", async () => {
  stubApi({
    "GET /clusters": () => ({
      body: [
        {
          name: "demo",
          label: "demo",
          windows: [{ label: "1m", seconds: 60 }],
          default_window_seconds: 60,
          demo: true,
        },
      ],
    }),
    "GET /clusters/demo/mtls/strict": () => ({ body: PLAN }),
  });
  renderPage(<StrictPlanPage />, { at: "/mtls/warehouse/strict", path: "/mtls/:namespace/strict" });
  expect((await screen.findByTestId("strict-verdict")).getAttribute("data-status")).toBe("would_break");
  expect(screen.getByRole("link", { name: "old/legacy" })).toBeTruthy();
  expect(screen.getByText("breaks")).toBeTruthy();
  expect(screen.getByText("stockdb")).toBeTruthy();
  expect(screen.getAllByTestId("plan-step").map((step) => step.getAttribute("data-kind"))).toEqual(["proxy", "strict"]);
  expect(screen.getByText(/jq \.exit_code/)).toBeTruthy();
});
