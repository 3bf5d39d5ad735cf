import "@fontsource-variable/inter/wght.css";
import "@mantine/core/styles.css";
import "./app/global.css";
import { QueryClient } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { ApiError, configureClient } from "./api/client";
import { clustersQuery } from "./api/queries";
import { sessionQuery } from "./api/session";
import { App } from "./app/App";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      // What the server refused stays refused; what it couldn't do is tried again.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
configureClient({ onSignedOut: () => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }) });

// Asked for before anything is drawn.
void client
  .fetchQuery(sessionQuery)
  .then((session) => (session.signed_in ? client.prefetchQuery(clustersQuery) : undefined))
  .catch(() => {}); // the page asks again, and tells

const root = document.getElementById("root");
if (root) createRoot(root).render(<App client={client} />);
