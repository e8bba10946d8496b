import type { Declaration } from "../declaration.ts";

export function declareAgent({ command, doors, act }: Declaration): void {
  act(command, () => doors.agent());
}
