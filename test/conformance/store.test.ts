import { afterAll, describe, test } from "vitest";
import { startPostgres } from "../testbed/postgres.ts";
import { attempting } from "./store/attempting.ts";
import { depending } from "./store/depending.ts";
import { goingOn } from "./store/going_on.ts";
import { grouping } from "./store/grouping.ts";
import { handingOver } from "./store/handing_over.ts";
import { keeping } from "./store/keeping.ts";
import { leading } from "./store/leading.ts";
import { listing } from "./store/listing.ts";
import { migrating, migratingAFile } from "./store/migrating.ts";
import { modelled } from "./store/modelled.ts";
import { type Kind, postgres, sqlite } from "./store/place.ts";
import { recalling } from "./store/recalling.ts";
import { reporting } from "./store/reporting.ts";
import { sharing } from "./store/sharing.ts";
import { steering } from "./store/steering.ts";
import { submitting } from "./store/submitting.ts";
import { tabling } from "./store/tabling.ts";
import { telling } from "./store/telling.ts";
import { using } from "./store/using.ts";

const server = await startPostgres();
const kinds: Kind[] = [sqlite];
if ("missing" in server) test.skip(`the store on PostgreSQL (${server.missing})`);
else {
  kinds.push(postgres(server));
  afterAll(() => server.stop());
}

for (const kind of kinds) {
  describe(`the store on ${kind.name}`, { timeout: 20_000 }, () => {
    migrating(kind);
    leading(kind);
    keeping(kind);
    grouping(kind);
    submitting(kind);
    listing(kind);
    attempting(kind);
    goingOn(kind);
    reporting(kind);
    handingOver(kind);
    steering(kind);
    depending(kind);
    recalling(kind);
    using(kind);
    tabling(kind);
    telling(kind);
    modelled(kind);
  });
}

describe("the store in a file", migratingAFile);
describe.runIf("database" in server)("the store of several yards", () => {
  for (const kind of kinds) if (kind.yards > 1) sharing(kind);
});
