import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = `http://127.0.0.1:${process.env.MESHUI_PORT ?? "8000"}`;

export default defineConfig({
  plugins: [react()],
  server: {
    host: "127.0.0.1",
    port: Number(process.env.MESHUI_FRONTEND_PORT ?? "5173"),
    strictPort: true,
    // The host stays the browser's own, or the server would take its writes for another site's.
    proxy: Object.fromEntries(
      ["/api", "/healthz", "/readyz", "/ws"].map((path) => [
        path,
        { target: backend, ws: path === "/ws", changeOrigin: false },
      ]),
    ),
  },
  build: {
    target: "es2022",
    // ELK's worker is 1.5 MB of generated code: it is loaded by its own thread, after the page has painted.
    chunkSizeWarningLimit: 700,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/lib/test-setup.ts"],
    // The machine may be busy with other things.
    testTimeout: 30_000,
    restoreMocks: true,
  },
});
