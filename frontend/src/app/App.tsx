import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useMemo } from "react";
import { createBrowserRouter, Navigate, RouterProvider } from "react-router";
import { useSession } from "../api/session";
import { FailedScreen, LoadingScreen } from "../components/screens";
import { SignInPage } from "../features/sign-in/SignInPage";
import { LiveProvider } from "../state/live-context";
import { PAGES, preloadHome } from "./pages";
import { NotFound, PageFailed, Shell } from "./Shell";
import { resolveVariables, theme } from "./theme";

function createRouter() {
  return createBrowserRouter([
    {
      element: <Shell />,
      errorElement: <PageFailed />,
      children: [
        { index: true, element: <Navigate to="/graph" replace /> },
        ...PAGES.flatMap((page) => [
          { path: page.path, element: <page.component />, errorElement: <PageFailed /> },
          ...(page.below ?? []).map((below) => ({
            path: `${page.path}/${below.path}`,
            element: <below.component />,
            errorElement: <PageFailed />,
          })),
        ]),
        { path: "*", element: <NotFound /> },
      ],
    },
  ]);
}

function Gate() {
  const session = useSession();
  const router = useMemo(createRouter, []);
  if (session.isPending) return <LoadingScreen what="MeshUI" />;
  if (session.isError) return <FailedScreen error={session.error} onRetry={() => void session.refetch()} />;
  if (!session.data.signed_in) return <SignInPage />;
  return (
    <LiveProvider>
      <RouterProvider router={router} />
    </LiveProvider>
  );
}

export function App({ client }: { client: QueryClient }) {
  preloadHome();
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolveVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  );
}
