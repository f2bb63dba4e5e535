/** How the page is built: hashed files only, nothing inline, so that `script-src 'self'` suffices. */
import { defineConfig } from "vite";

const gateway = process.env.PLAYLOG_GATEWAY ?? "http://localhost:8000";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // a data: URI would need a wider content security policy
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/v1": gateway, "/auth": gateway } },
});
