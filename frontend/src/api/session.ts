import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, configureClient } from "./client";
import type { Session } from "./types";

function remember(session: Session): Session {
  configureClient({ csrfToken: session.csrf_token });
  return session;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => remember(await call<Session>("GET", "/session", undefined, signal)),
  staleTime: 5 * 60_000,
});

export function useSession() {
  return useQuery(sessionQuery);
}

/** Whether to show what changes the mesh. The server has the last word. */
export function useCanEdit(): boolean {
  return useSession().data?.can_edit ?? false;
}

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (credentials: { username: string; password: string }) =>
      remember(await call<Session>("POST", "/session", credentials)),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session);
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    },
  });
}

/** Signs out and forgets everything that was read, so that the next person sees nothing of it. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => call<void>("DELETE", "/session"),
    onSettled: () => {
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      return client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
}
