import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { quotedName } from "../../../../src/core/run_table/condition.ts";
import { cache } from "../../yard/cache.ts";
import { call } from "../../yard/client.ts";
import { hearEvents } from "../../yard/live.ts";

/** Plots are drawn anew at most this often while runs go on. */
const PAUSE_MS = 5000;

/** What the columns of a job's runs are, and of some of them the cells. */
export function useColumns(job: number, names: readonly string[], where: string, most = 2000) {
  return useQuery({
    queryKey: ["plots", job, "columns", names, where, most],
    queryFn: ({ signal }) =>
      call("runColumns", { params: { job }, query: { names: names.map(quotedName).join(","), where, most }, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Keeps what is asked for under `["plots", job, …]` in step with the yard, as long as it is on screen. */
export function usePlotsInStep(job: number): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const end = hearEvents((event, data) => {
      if (event !== "job" || timer !== null || JSON.parse(data).id !== job) return;
      timer = setTimeout(() => {
        timer = null;
        void cache.invalidateQueries({ queryKey: ["plots", job] });
      }, PAUSE_MS);
    });
    return () => {
      end();
      if (timer !== null) clearTimeout(timer);
    };
  }, [job]);
}
