import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine, ArrowUpToLine, Download, Search, WrapText } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { pathOf } from "../../../src/client/client.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { buttonClass, IconButton } from "../ui/button.tsx";
import { Loading } from "../ui/loading.tsx";
import { Problem } from "../ui/problem.tsx";
import { useShortcuts } from "../ui/shortcuts.ts";
import { type LogSource, openLog } from "./log_reader.ts";
import { LogSearch } from "./log_search.tsx";
import { LogText } from "./log_text.tsx";
import { indexOf, lineAt, lineCount } from "./log_window.ts";

const LINE_PX = 20;
/** Nearer than this to an end, more is read. */
const NEAR_PX = 600;

/** The output of an attempt as it comes, of any length: the end is followed until somebody scrolls up. */
export function LogView({ source }: { source: LogSource }) {
  const { job, n, attempt, stream } = source;
  const log = useMemo(() => openLog({ job, n, attempt, stream }), [job, n, attempt, stream]);
  useEffect(() => () => log.close(), [log]);
  const view = useSyncExternalStore(log.subscribe, log.view);
  const { window, isFollowing, hasEnded, size, error } = view;
  const scroller = useRef<HTMLDivElement>(null);
  const [isWrapped, setWrapped] = useState(false);
  const [isSearching, setSearching] = useState(false);
  const [mark, setMark] = useState("");
  const [foundAt, setFoundAt] = useState<number | null>(null);
  const count = lineCount(window);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
    getItemKey: (index) => lineAt(window, index)?.at ?? index,
  });
  useShortcuts({
    "/": () => setSearching(true),
    G: () => void log.toEnd(),
    g: () => void show(0, "start"),
    w: () => setWrapped(!isWrapped),
  });

  // What is looked at stays where it is when lines come before it, and the end stays in sight while it is followed.
  const before = useRef({ from: window.from, first: lineAt(window, 0)?.at });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const added = before.current.first === undefined ? -1 : indexOf(window, before.current.first);
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (window.from < before.current.from && added > 0) element.scrollTop += added * LINE_PX;
    before.current = { from: window.from, first: lineAt(window, 0)?.at };
  }, [window, isFollowing]);

  /** Goes to a place in the stream, with what is around it. */
  async function show(at: number, align: "start" | "center"): Promise<void> {
    await (at === 0 ? log.toStart() : log.goTo(at));
    const index = indexOf(log.view().window, at);
    if (index !== -1) requestAnimationFrame(() => virtual.scrollToIndex(index, { align }));
  }

  function scrolled(): void {
    const element = scroller.current;
    if (!element) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (below > LINE_PX) log.stopFollowing();
    if (element.scrollTop < NEAR_PX && window.from > 0 && !isFollowing) void log.older();
    if (below < NEAR_PX && size !== null && window.to < size) void log.newer();
    else if (below <= LINE_PX && !isFollowing && size !== null && window.to >= size) void log.toEnd();
  }

  const download = pathOf("saveOutput", { job, n }, { stream, attempt });
  return (
    <div className="flex min-h-64 flex-1 flex-col overflow-hidden rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-1 border-b border-line px-2 py-1">
        <p className="min-w-0 flex-1 truncate px-1 text-xs text-muted" role="status">
          {size === null
            ? ""
            : `${formatBytes(size)}${window.from > 0 || window.to < size ? `, shown from ${formatBytes(window.from)} to ${formatBytes(window.to)}` : ""}${hasEnded ? "" : isFollowing ? " · following" : " · more is coming"}`}
        </p>
        <IconButton
          label="Search in all of it ( / )"
          aria-pressed={isSearching}
          onClick={() => setSearching(!isSearching)}
        >
          <Search />
        </IconButton>
        <IconButton label="Wrap long lines ( w )" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
          <WrapText />
        </IconButton>
        <IconButton label="To the start ( g )" onClick={() => void show(0, "start")}>
          <ArrowUpToLine />
        </IconButton>
        <IconButton label="To the end, and follow ( G )" aria-pressed={isFollowing} onClick={() => void log.toEnd()}>
          <ArrowDownToLine />
        </IconButton>
        <a
          href={download}
          download={`${job}.${n}.${stream}`}
          className={`${buttonClass("quiet")} px-2 text-muted`}
          title="Download all of it"
        >
          <Download aria-hidden="true" />
          <span className="sr-only">Download all of it</span>
        </a>
      </div>
      {isSearching && (
        <LogSearch
          source={source}
          onMark={setMark}
          onGoTo={(at) => {
            setFoundAt(at);
            void show(at, "center");
          }}
          onClose={() => {
            setSearching(false);
            setMark("");
            setFoundAt(null);
          }}
        />
      )}
      {size === null && error !== null ? (
        <Problem title="The output cannot be shown" error={error} />
      ) : size === null ? (
        <Loading what="the output" />
      ) : count === 0 ? (
        <p className="p-4 text-muted">
          {hasEnded ? "It has printed nothing here." : "It has printed nothing here yet."}
        </p>
      ) : (
        <div
          ref={scroller}
          onScroll={scrolled}
          tabIndex={0}
          role="log"
          aria-label={stream === "out" ? "Output" : "Errors"}
          aria-live="off"
          className="min-h-0 flex-1 overflow-auto"
        >
          <div className="relative min-w-fit" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start, key }) => {
              const line = lineAt(window, index);
              return (
                <div
                  key={key}
                  data-index={index}
                  ref={isWrapped ? virtual.measureElement : undefined}
                  className={`absolute left-0 min-w-full px-3 font-mono text-xs leading-5 data-found:bg-waiting-soft ${isWrapped ? "w-full whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre"}`}
                  data-found={(foundAt !== null && line?.at === foundAt) || undefined}
                  style={{ top: start, ...(!isWrapped && { height: LINE_PX }) }}
                >
                  {line && <LogText text={line.text} mark={mark} />}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}
