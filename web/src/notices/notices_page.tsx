export function NoticesPage() {
  return <h1 className="p-4 text-xl font-semibold">Notifications</h1>;
}
