import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { sessionQuery } from "../api/session";
import { LiveGraph, type LiveState, openMeshSocket } from "./live";

const LiveContext = createContext<LiveGraph | null>(null);

/** One live connection for all pages; a change that anybody applied makes their data be asked for again. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live] = useState(() => new LiveGraph(openMeshSocket));
  useEffect(() => {
    live.onChange = () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] === "cluster" });
    live.start();
    const online = () => live.reconnect();
    const unsubscribe = live.state.subscribe(() => {
      if (live.state.get().connection === "signed_out") client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    });
    window.addEventListener("online", online);
    return () => {
      window.removeEventListener("online", online);
      unsubscribe();
      live.stop();
    };
  }, [live, client]);
  return <LiveContext.Provider value={live}>{children}</LiveContext.Provider>;
}

export function useLiveGraph(): LiveGraph {
  const live = useContext(LiveContext);
  if (!live) throw new Error("useLiveGraph needs a LiveProvider above it");
  return live;
}

export function useLiveState(): LiveState {
  const live = useLiveGraph();
  return useSyncExternalStore(live.state.subscribe, live.state.get);
}
