export function RunPage() {
  return <h1 className="p-4 text-xl font-semibold">Run</h1>;
}
