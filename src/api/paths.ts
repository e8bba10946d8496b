/**
 * Every door of the yard: where it is and who may go through. Kept apart from the schemas so that the command line and
 * the agent need not load them.
 *
 * `open` needs no token; the list of those doors is closed (see the test that holds it).
 */
export const doors = {
  health: { method: "GET", path: "/healthz", role: "open" },
  ready: { method: "GET", path: "/readyz", role: "user" },
  metrics: { method: "GET", path: "/metrics", role: "user" },
  openapi: { method: "GET", path: "/api/v1/openapi.json", role: "user" },
  status: { method: "GET", path: "/api/v1/status", role: "user" },
  createLogin: { method: "POST", path: "/api/v1/logins", role: "user" },
  openSession: { method: "POST", path: "/api/v1/session", role: "open" },
  showSession: { method: "GET", path: "/api/v1/session", role: "user" },
  closeSession: { method: "DELETE", path: "/api/v1/session", role: "user" },
  submit: { method: "POST", path: "/api/v1/jobs", role: "user" },
  submitAll: { method: "POST", path: "/api/v1/jobs/together", role: "user" },
  plan: { method: "POST", path: "/api/v1/plan", role: "user" },
  uploadSnapshot: { method: "POST", path: "/api/v1/snapshots", role: "user" },
  listJobs: { method: "GET", path: "/api/v1/jobs", role: "user" },
  showJob: { method: "GET", path: "/api/v1/jobs/:job", role: "user" },
  setJob: { method: "PATCH", path: "/api/v1/jobs/:job", role: "user" },
  extend: { method: "POST", path: "/api/v1/jobs/:job/extend", role: "user" },
  listRuns: { method: "GET", path: "/api/v1/jobs/:job/runs", role: "user" },
  results: { method: "GET", path: "/api/v1/jobs/:job/results", role: "user" },
  runTable: { method: "GET", path: "/api/v1/jobs/:job/table", role: "user" },
  runColumns: { method: "GET", path: "/api/v1/jobs/:job/columns", role: "user" },
  exportRuns: { method: "GET", path: "/api/v1/jobs/:job/export", role: "user" },
  importance: { method: "GET", path: "/api/v1/jobs/:job/importance", role: "user" },
  curves: { method: "GET", path: "/api/v1/jobs/:job/curves", role: "user" },
  failures: { method: "GET", path: "/api/v1/jobs/:job/failures", role: "user" },
  showRun: { method: "GET", path: "/api/v1/jobs/:job/runs/:n", role: "user" },
  output: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/output", role: "user" },
  searchOutput: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/output/search", role: "user" },
  listFiles: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/files", role: "user" },
  readFile: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/file", role: "user" },
  archiveFiles: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/archive", role: "user" },
  runMetrics: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/metrics", role: "user" },
  runUse: { method: "GET", path: "/api/v1/jobs/:job/runs/:n/use", role: "user" },
  history: { method: "GET", path: "/api/v1/history", role: "user" },
  explain: { method: "GET", path: "/api/v1/explain", role: "user" },
  cancel: { method: "POST", path: "/api/v1/cancel", role: "user" },
  retry: { method: "POST", path: "/api/v1/retry", role: "user" },
  pause: { method: "POST", path: "/api/v1/pause", role: "user" },
  resume: { method: "POST", path: "/api/v1/resume", role: "user" },
  events: { method: "GET", path: "/api/v1/events", role: "user" },
  listMachines: { method: "GET", path: "/api/v1/machines", role: "user" },
  addMachine: { method: "POST", path: "/api/v1/machines", role: "admin" },
  addCluster: { method: "POST", path: "/api/v1/clusters", role: "user" },
  removeMachine: { method: "DELETE", path: "/api/v1/machines/:machine", role: "admin" },
  checkMachine: { method: "POST", path: "/api/v1/machines/:machine/check", role: "admin" },
  showCluster: { method: "GET", path: "/api/v1/machines/:machine/overview", role: "user" },
  setMachine: { method: "PATCH", path: "/api/v1/machines/:machine", role: "admin" },
  machineUse: { method: "GET", path: "/api/v1/machines/:machine/use", role: "user" },
  listUse: { method: "GET", path: "/api/v1/use", role: "user" },
  listPools: { method: "GET", path: "/api/v1/pools", role: "user" },
  setPool: { method: "PATCH", path: "/api/v1/pools/:pool", role: "admin" },
  listTokens: { method: "GET", path: "/api/v1/tokens", role: "admin" },
  createToken: { method: "POST", path: "/api/v1/tokens", role: "admin" },
  revokeToken: { method: "DELETE", path: "/api/v1/tokens/:token", role: "admin" },
  listNoticeTargets: { method: "GET", path: "/api/v1/notices/targets", role: "user" },
  addNoticeTarget: { method: "POST", path: "/api/v1/notices/targets", role: "user" },
  removeNoticeTarget: { method: "DELETE", path: "/api/v1/notices/targets/:target", role: "user" },
  testNotice: { method: "POST", path: "/api/v1/notices/test", role: "user" },
  listNotices: { method: "GET", path: "/api/v1/notices", role: "user" },
  noticeSecret: { method: "GET", path: "/api/v1/notices/secret", role: "user" },
  showNoticeSettings: { method: "GET", path: "/api/v1/notices/settings", role: "admin" },
  setNoticeSettings: { method: "PATCH", path: "/api/v1/notices/settings", role: "admin" },
  audit: { method: "GET", path: "/api/v1/audit", role: "admin" },
  stopYard: { method: "POST", path: "/api/v1/stop", role: "admin" },
  hello: { method: "POST", path: "/api/v1/machines/:machine/hello", role: "agent" },
  poll: { method: "POST", path: "/api/v1/machines/:machine/poll", role: "agent" },
  report: { method: "POST", path: "/api/v1/machines/:machine/reports", role: "agent" },
  environment: { method: "GET", path: "/api/v1/environments/:environment", role: "agent" },
} as const satisfies Record<string, Door>;

export interface Door {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  role: "open" | "user" | "admin" | "agent";
}

export type DoorName = keyof typeof doors;
