/** Something is on its way. `page`: nothing else is on the page. */
export function Loading({ what, page = false }: { what: string; page?: boolean }) {
  return (
    <div role="status" className={`flex items-center justify-center gap-3 text-muted ${page ? "min-h-dvh" : "p-8"}`}>
      <span aria-hidden="true" className="size-4 animate-spin rounded-full border-2 border-line border-t-accent" />
      Loading {what} …
    </div>
  );
}
