import { type ReactNode, useId } from "react";

interface CardProps {
  title: string;
  /** What it is about, in a sentence. */
  about?: ReactNode;
  children: ReactNode;
}

/** A part of the page. */
export function Card({ title, about, children }: CardProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex min-w-0 flex-col gap-3 rounded-lg border border-line bg-surface p-4">
      <div>
        <h2 id={id} className="font-semibold">
          {title}
        </h2>
        {about !== undefined && <p className="text-sm text-muted">{about}</p>}
      </div>
      {children}
    </section>
  );
}
