/** The name of a column without where it comes from: `params.lr` is `lr`. */
export function shortName(name: string): string {
  return name.replace(/^(params|metrics|result)\./s, "");
}
