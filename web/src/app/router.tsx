import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { askForJob } from "../job/job_queries.ts";
import { readJobSearch } from "../job/job_search.ts";
import { readMachinesSearch } from "../machines/machines_search.ts";
import { askForJobs } from "../queue/queue_queries.ts";
import { readQueueSearch } from "../queue/queue_search.ts";
import { readRunSearch } from "../run/run_search.ts";
import { readSubmitSearch } from "../submit/submit_search.ts";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { NotFound } from "./not_found.tsx";
import { Shell } from "./shell.tsx";

/** Every page of the panel. Each is loaded when it is first opened. */
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const queue = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: readQueueSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => askForJobs(deps),
  component: lazyRouteComponent(() => import("../queue/queue_page.tsx"), "QueuePage"),
});

const job = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$job",
  validateSearch: readJobSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ params, deps }) => askForJob(Number(params.job), deps),
  component: lazyRouteComponent(() => import("../job/job_page.tsx"), "JobPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/jobs/$job/runs/$n",
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import("../run/run_page.tsx"), "RunPage"),
});

const machines = createRoute({
  getParentRoute: () => root,
  path: "/machines",
  validateSearch: readMachinesSearch,
  component: lazyRouteComponent(() => import("../machines/machines_page.tsx"), "MachinesPage"),
});

const submit = createRoute({
  getParentRoute: () => root,
  path: "/new",
  validateSearch: readSubmitSearch,
  component: lazyRouteComponent(() => import("../submit/submit_page.tsx"), "SubmitPage"),
});

const notices = createRoute({
  getParentRoute: () => root,
  path: "/notifications",
  component: lazyRouteComponent(() => import("../notices/notices_page.tsx"), "NoticesPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([queue, job, run, machines, submit, notices]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: ({ error, reset }) => <Problem title="This page has failed" error={error} retry={reset} />,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
