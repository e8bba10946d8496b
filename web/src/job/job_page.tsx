export function JobPage() {
  return <h1 className="p-4 text-xl font-semibold">Job</h1>;
}
