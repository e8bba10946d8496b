/** What is kept under a name that a run chose: it may be `constructor`, which every object seems to have. */
export function ownValue<T>(values: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
