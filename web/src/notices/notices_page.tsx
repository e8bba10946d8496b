import { useQuery } from "@tanstack/react-query";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { call } from "../yard/client.ts";
import { BrowserCard } from "./browser_card.tsx";
import { DeliveriesCard } from "./deliveries_card.tsx";
import { NewTarget } from "./new_target.tsx";
import { TargetsCard } from "./targets_card.tsx";
import { TroublesCard } from "./troubles_card.tsx";

/** Where and how its user is told of things. */
export function NoticesPage() {
  const known = useQuery({
    queryKey: ["notices", "targets"],
    queryFn: () => call("listNoticeTargets", { query: { limit: 1000 } }),
  });
  return (
    <div className="mx-auto flex w-full max-w-6xl flex-col gap-4 p-3 sm:p-4">
      <header>
        <h1 className="text-xl font-semibold">Notifications</h1>
        <p className="text-sm text-muted">
          Be told when jobs of yours end, and when machines need help: here, by mail, in a channel, or by a program.
        </p>
      </header>
      <TroublesCard />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-4">
          {known.data ? (
            <>
              <TargetsCard targets={known.data.targets} />
              <NewTarget can={known.data.can} />
            </>
          ) : known.error ? (
            <Problem title="Your targets cannot be shown" error={known.error} />
          ) : (
            <Loading what="your targets" />
          )}
        </div>
        <BrowserCard />
      </div>
      <DeliveriesCard />
    </div>
  );
}
