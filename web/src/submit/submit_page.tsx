export function SubmitPage() {
  return <h1 className="p-4 text-xl font-semibold">New job</h1>;
}
