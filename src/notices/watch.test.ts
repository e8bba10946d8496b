import { expect, test } from "vitest";
import { aStore, NOW, type Steered } from "../../test/conformance/store/a_store.ts";
import { sqlite } from "../../test/conformance/store/place.ts";
import type { Notice } from "../core/notice.ts";
import type { Trouble } from "../core/trouble.ts";
import { putTarget } from "../store/notice_targets.ts";
import { selectNotices } from "../store/notices.ts";
import { openWatch, type Standing } from "./watch.ts";

const PATIENCE_MS = 5 * 60_000;

function unavailable(machine: string): Trouble {
  return { kind: "machine_unavailable", machine, text: "it does not answer" };
}

interface World extends Steered {
  /** What is wrong, and who may help, from now on. */
  is(...standing: Standing[]): void;
  /** Lets time pass, and looks. */
  looks(ms: number): Promise<void>;
  /** A yard that is started anew: what it had in its memory is gone. */
  restart(): void;
  /** `address machine`, of all that has been told. */
  told(): Promise<string[]>;
}

async function aWorld(): Promise<World> {
  const steered = await aStore(sqlite);
  const { store } = steered;
  let standing: Standing[] = [];
  let now = 0;
  const clock = { now: () => NOW + now, steady: () => now };
  const open = () =>
    openWatch({ store, clock, look: async () => standing, patienceMs: () => PATIENCE_MS, log: () => {} });
  let watch = open();
  return {
    ...steered,
    is(...wrong) {
      standing = wrong;
    },
    async looks(ms) {
      now += ms;
      await watch();
    },
    restart() {
      watch = open();
    },
    async told() {
      const page = { key: "id", descending: false, limit: 1000, after: null } as const;
      const rows = await selectNotices(store.read, { user: null, job: null, state: null }, page);
      return rows.map(({ address, body_json }) => {
        const notice = JSON.parse(body_json) as Notice;
        return `${address} ${"trouble" in notice && "machine" in notice.trouble ? notice.trouble.machine : notice.event}`;
      });
    },
  };
}

async function addTarget({ store }: Steered, user: string, address: string, sorts: ("ended" | "help")[]) {
  await store.write((db) => putTarget(db, { user, address, shown: address, sorts, createdAt: NOW }));
}

test("what has been wrong for long enough is told once to who may help and wants to", async () => {
  const world = await aWorld();
  await addTarget(world, "ada", "adas", ["help"]);
  await addTarget(world, "ada", "of jobs", ["ended"]);
  await addTarget(world, "bob", "bobs", ["ended", "help"]);
  await addTarget(world, "carol", "carols", ["help"]);
  world.is({ trouble: unavailable("lab1"), helpers: ["ada", "bob"] });
  await world.looks(0);
  await world.looks(PATIENCE_MS - 1);
  expect(await world.told()).toEqual([]);
  await world.looks(1);
  await world.looks(PATIENCE_MS);
  expect(await world.told()).toEqual(["adas lab1", "bobs lab1"]);
});

test("what is over for a moment begins anew, and what comes back is told again", async () => {
  const world = await aWorld();
  await addTarget(world, "ada", "adas", ["help"]);
  const wrong = { trouble: unavailable("lab1"), helpers: ["ada"] };
  world.is(wrong);
  await world.looks(0);
  world.is();
  await world.looks(PATIENCE_MS);
  world.is(wrong);
  await world.looks(1);
  await world.looks(PATIENCE_MS - 1);
  expect(await world.told()).toEqual([]);
  await world.looks(1);
  world.is();
  await world.looks(1);
  world.is(wrong);
  await world.looks(1);
  await world.looks(PATIENCE_MS);
  expect(await world.told()).toEqual(["adas lab1", "adas lab1"]);
});

test("a yard that is started anew tells nothing twice, and waits as long for what is new", async () => {
  const world = await aWorld();
  await addTarget(world, "ada", "adas", ["help"]);
  const old = { trouble: unavailable("lab1"), helpers: ["ada"] };
  world.is(old);
  await world.looks(0);
  await world.looks(PATIENCE_MS);
  world.restart();
  world.is(old, { trouble: unavailable("lab2"), helpers: ["ada"] });
  await world.looks(1);
  await world.looks(PATIENCE_MS - 1);
  expect(await world.told()).toEqual(["adas lab1"]);
  await world.looks(1);
  expect(await world.told()).toEqual(["adas lab1", "adas lab2"]);
});
