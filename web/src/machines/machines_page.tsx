export function MachinesPage() {
  return <h1 className="p-4 text-xl font-semibold">Machines</h1>;
}
