import { execFileSync } from "node:child_process";

/** Each worker sends the sum of what it has to worker 0, which tells all of them the total: one step of an all-reduce. */
export const reduce = `import os, socket, time
rank, size = int(os.environ["RUNYARD_RANK"]), int(os.environ["RUNYARD_WORLD_SIZE"])
hosts, port = os.environ["RUNYARD_HOSTS"].split(","), int(os.environ["RUNYARD_PORT"])
assert len(hosts) == size
if rank == 0:
    listener = socket.create_server(("", port))
    others = [listener.accept()[0] for _ in range(size - 1)]
    total = 10 + sum(int(other.makefile().readline()) for other in others)
    for other in others:
        other.sendall(f"{total}\\n".encode())
else:
    while True:
        try:
            connection = socket.create_connection((hosts[0], port), timeout=20)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    connection.sendall(f"{10 * (rank + 1)}\\n".encode())
    total = int(connection.makefile().readline())
print("rank", rank, "of", size, "on", os.environ.get("SLURMD_NODENAME") or socket.gethostname(), "total", total)
open("total-%d" % rank, "w").write(str(total))
`;

/** Where it is; null: nowhere, and what is skipped then is said. */
export function findTorchrun(what: string): string | null {
  try {
    return execFileSync("sh", ["-c", "command -v torchrun"], { encoding: "utf8" }).trim();
  } catch {
    console.info(`Skipped: ${what}, as PyTorch is not installed (pip install torch).`);
    return null;
  }
}
