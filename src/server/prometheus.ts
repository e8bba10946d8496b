import { countWork } from "../store/jobs.ts";
import { answered, type Handler, type Yard } from "./yard.ts";

/** `/metrics`: a handful of gauges in Prometheus' text form. */
export function metricsHandler(yard: Yard): Handler<"metrics"> {
  return async ({ outgoing }) => {
    const { jobs, queued, running } = await countWork(yard.store.read);
    const free = await yard.files.freeBytes();
    const gauges: [string, string, number][] = [
      ["runyard_jobs_open", "Jobs that have not ended", jobs],
      ["runyard_runs_queued", "Runs that wait", queued],
      ["runyard_runs_running", "Runs that run", running],
      ["runyard_disk_free_bytes", "Free on the disk that holds the yard's files", free.ok ? free.value : 0],
      ["runyard_epoch", "How often the yard has been started", yard.epoch],
      ["process_resident_memory_bytes", "Memory of the yard's process", process.memoryUsage.rss()],
    ];
    const text = gauges.map(
      ([name, help, value]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`,
    );
    outgoing.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    outgoing.end(text.join(""));
    return answered;
  };
}
