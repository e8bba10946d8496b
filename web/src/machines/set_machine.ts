import type { Machine, MachineChanges } from "../../../src/api/machine.ts";
import { tell, tellProblem } from "../ui/toast.tsx";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";
import { MACHINES_KEY } from "./use_wall.ts";

/** Changes what a machine is set to, and says so; on screen at once. Answers whether it was done. */
export async function setMachine(name: string, body: MachineChanges, said: string): Promise<boolean> {
  try {
    const { machine } = await call("setMachine", { params: { machine: name }, body });
    cache.setQueryData<Machine[]>(MACHINES_KEY, (known) => known?.map((one) => (one.name === name ? machine : one)));
    tell(said);
    return true;
  } catch (error) {
    tellProblem(error);
    void cache.invalidateQueries({ queryKey: MACHINES_KEY });
    return false;
  }
}
