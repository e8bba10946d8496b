import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwind()],
  build: {
    outDir: "../dist/web",
    emptyOutDir: true,
    // The yard serves what it is built of to today's browsers, and nothing in the pages' own text: its policy forbids that.
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A browser asks for six files at a time: what every page needs is one, and so is what some pages share.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "panel", tags: ["$initial"], priority: 1 },
            { name: "shared", minShareCount: 2, entriesAware: true, entriesAwareMergeThreshold: 30_000 },
          ],
        },
      },
    },
  },
  worker: { format: "es" },
});
