import { type ClusterNode, type Overview, type QueueShare, type Room, roomOf } from "../core/overview.ts";
import { printable } from "../core/printable.ts";
import { formatBytes } from "../core/quantity.ts";
import { type Column, layTable } from "./table.ts";

/** Nodes that are named in the first line. */
const NAMED = 8;

const nodeColumns: Column[] = [
  { title: "NODE" },
  { title: "PARTITIONS", cuttable: true, optional: true },
  { title: "STATE" },
  { title: "CORES FREE", align: "right" },
  { title: "MEMORY FREE", align: "right" },
  { title: "GPUS FREE", cuttable: true },
  { title: "REASON", cuttable: true },
];

const queueColumns: Column[] = [
  { title: "PARTITION", cuttable: true },
  { title: "USER", cuttable: true },
  { title: "RUNNING", align: "right" },
  { title: "ON GPUS", align: "right" },
  { title: "WAITING", align: "right" },
  { title: "FOR GPUS", align: "right" },
  { title: "MOSTLY BECAUSE", cuttable: true },
];

/**
 * A cluster for people: where there is room, its nodes, its queue.
 *
 * @param partition  the one that the first line speaks of; null: all
 * @param width  as `layTable` takes it
 */
export function clusterLines(overview: Overview, partition: string | null, width: number | null): string[] {
  const nodes = layTable(nodeColumns, overview.nodes.map(nodeCells), width);
  const queue = layTable(queueColumns, overview.queue.map(queueCells), width);
  return [
    roomLine(roomOf(overview, partition)),
    ...["", nodes.head, ...nodes.body],
    ...(queue.body.length > 0 ? ["", queue.head, ...queue.body] : []),
  ];
}

function roomLine({ of, free, total, nodes, ahead }: Room): string {
  const waiting = ahead === 0 ? "nobody waits" : ahead === 1 ? "1 job waits ahead" : `${ahead} jobs wait ahead`;
  if (free === 0) return `No ${of} of ${total} is free; ${waiting}`;
  const named = nodes.slice(0, NAMED).map((node) => `${printable(node.name)} ${node.free}`);
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : "";
  return `${free} of ${total} ${of}s are free: ${named.join(", ")}${more}; ${waiting}`;
}

function nodeCells(node: ClusterNode): string[] {
  return [
    printable(node.name),
    printable(node.partitions.join(",")),
    printable(node.state),
    `${node.cpus - node.cpusUsed}/${node.cpus}`,
    formatBytes(Math.max(0, node.memoryBytes - node.memoryUsedBytes)),
    printable(node.gpus.map(({ type, total, used }) => `${type ?? "gpu"} ${total - used}/${total}`).join(", ")),
    printable(node.reason ?? ""),
  ];
}

function queueCells(share: QueueShare): string[] {
  const { partition, user, running, gpusRunning, pending, gpusPending, reasons } = share;
  return [
    printable(partition),
    printable(user),
    ...[running, gpusRunning, pending, gpusPending].map((count) => (count === 0 ? "–" : `${count}`)),
    printable(topReason(reasons, pending)),
  ];
}

function topReason(reasons: Record<string, number>, pending: number): string {
  const [top, ...others] = Object.entries(reasons).sort(([, a], [, b]) => b - a);
  if (!top) return "";
  return others.length === 0 ? top[0] : `${top[0]} (${top[1]} of ${pending})`;
}
