import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./app/router.tsx";
import { startTheme } from "./app/theme.ts";
import "./styles.css";
import { Toasts } from "./ui/toast.tsx";
import { cache, keepInStep } from "./yard/cache.ts";
import { SessionGate } from "./yard/session.tsx";

startTheme();
keepInStep();
// What the page needs is on its way while the yard says who looks. With a link that is still to be opened nothing is.
if (location.hash === "") void router.load();

const root = document.getElementById("panel");
if (!root) throw new Error("the page has no place for the panel");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <SessionGate>
        <RouterProvider router={router} />
      </SessionGate>
      <Toasts />
    </QueryClientProvider>
  </StrictMode>,
);
