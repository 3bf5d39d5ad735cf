import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { createMemoryRouter, RouterProvider } from "react-router";
import { vi } from "vitest";
import { sessionQuery } from "../api/session";

/** For tests: an element inside the providers that pages stand in, signed in as an operator (or not). */
export function renderPage(element: ReactNode, { canEdit = true, at = "/", path = "*" } = {}) {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  client.setQueryData(sessionQuery.queryKey, {
    signed_in: true,
    username: canEdit ? "operator" : "viewer",
    role: canEdit ? "operator" : "viewer",
    can_edit: canEdit,
    csrf_token: "token",
    demo: true,
  });
  const router = createMemoryRouter([{ path, element }], { initialEntries: [at] });
  return render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
}

type Answers = Record<string, (body: unknown) => { status?: number; body: unknown }>;

/** For tests: answers `METHOD /path` (below /api/v1, without the query), and keeps what was asked. */
export function stubApi(answers: Answers) {
  const asked: { route: string; body: unknown; headers: Record<string, string> }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const route = `${init.method} ${url.replace("/api/v1", "").split("?")[0]}`;
    const body = init.body ? JSON.parse(String(init.body)) : undefined;
    asked.push({ route, body, headers: init.headers as Record<string, string> });
    const answer = answers[route]?.(body) ?? {
      status: 404,
      body: { code: "not_found", message: `No answer for ${route}` },
    };
    return new Response(JSON.stringify(answer.body), { status: answer.status ?? 200 });
  });
  return asked;
}
