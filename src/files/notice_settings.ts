import { createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { type NoticeSettings, usualNoticeSettings } from "../core/notice_settings.ts";
import { readIfThere, writeDurably, writeDurablyOnce } from "../platform/durable_file.ts";
import { bad, good } from "../platform/result.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

const KEY_BYTES = 32;

/** How people are told of things: in files of the yard's own account, since a password may be among it. */
export interface NoticeFiles {
  settings(): NoticeSettings;
  /** Durably, whole; of several changes at once each begins with what the one before has made. */
  change(by: (settings: NoticeSettings) => NoticeSettings): Promise<FileResult<NoticeSettings>>;
  /** What webhooks of this user's are signed with: the same for ever, and each user's another. */
  secretOf(user: string): string;
}

/** @param folder  which is there, and this account's alone */
export async function openNoticeFiles(folder: string): Promise<FileResult<NoticeFiles>> {
  const [settingsPath, keyPath] = [join(folder, "settings.json"), join(folder, "key")];
  let path = settingsPath;
  try {
    const text = await readIfThere(settingsPath);
    let settings = text === null ? usualNoticeSettings : { ...usualNoticeSettings, ...parsed(text) };
    path = keyPath;
    if ((await readIfThere(keyPath)) === null) await writeDurablyOnce(keyPath, randomBytes(KEY_BYTES));
    const key = await readIfThere(keyPath);
    if (key?.length !== KEY_BYTES) return bad({ code: "damaged", path: keyPath });
    let before: Promise<unknown> = Promise.resolve();
    return good({
      settings: () => settings,
      change(by) {
        const changing = before.then(() => write(by(settings)));
        before = changing;
        return changing;
      },
      secretOf: (user) => createHmac("sha256", key).update(`webhooks of ${user}`).digest("hex"),
    });

    async function write(changed: NoticeSettings): Promise<FileResult<NoticeSettings>> {
      try {
        await writeDurably(settingsPath, `${JSON.stringify(changed)}\n`);
      } catch (error) {
        return bad(asFileProblem(error, "unwritable", settingsPath));
      }
      settings = changed;
      return good(changed);
    }
  } catch (error) {
    if (error instanceof SyntaxError) return bad({ code: "damaged", path });
    return bad(asFileProblem(error, "unreadable", path));
  }
}

/** What this program wrote itself; what an older one did not know is as usual. */
function parsed(text: Buffer): Partial<NoticeSettings> {
  return JSON.parse(text.toString("utf8")) as Partial<NoticeSettings>;
}
