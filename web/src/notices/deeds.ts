import type { NoticeSort } from "../../../src/core/notice_target.ts";
import { describeSorts } from "../../../src/core/notice_words.ts";
import { printable } from "../../../src/core/printable.ts";
import { tell, tellProblem } from "../ui/toast.tsx";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";

/** Says what came of it, and has the lists asked for anew. Returns whether it was done. */
async function attempt(work: () => Promise<string>): Promise<boolean> {
  try {
    tell(await work());
    return true;
  } catch (error) {
    tellProblem(error);
    return false;
  } finally {
    void cache.invalidateQueries({ queryKey: ["notices"] });
  }
}

export function addTarget(target: string, on: NoticeSort[]): Promise<boolean> {
  return attempt(async () => {
    const { target: added } = await call("addNoticeTarget", { body: { target, on } });
    return `You are told at ${printable(added.target)} of ${describeSorts(added.on)}.`;
  });
}

export function removeTarget(target: number): Promise<boolean> {
  return attempt(async () => {
    const { target: removed } = await call("removeNoticeTarget", { params: { target } });
    return `You are told nothing more at ${printable(removed.target)}.`;
  });
}

export function testTarget(target: number): Promise<boolean> {
  return attempt(async () => {
    const { notice } = await call("testNotice", { body: { target } });
    const where = printable(notice.target);
    if (notice.state === "told") return `A test has been sent to ${where}.`;
    throw new Error(`Nothing could be sent to ${where}. ${printable(notice.problem ?? "It has not been tried yet.")}`);
  });
}
