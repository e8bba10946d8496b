import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { problemOf } from "../yard/client.ts";
import { Button } from "./button.tsx";

interface ProblemProps {
  title: string;
  error: unknown;
  /** Tries again. Default: it is tried again by itself. */
  retry?: () => void;
  /** Nothing else is on the page. */
  page?: boolean;
}

/** What could not be had, and what to do. */
export function Problem({ title, error, retry, page = false }: ProblemProps) {
  const { detail } = problemOf(error);
  return (
    <Notice
      page={page}
      title={title}
      icon={<CircleAlert className="size-6 text-failed" aria-hidden="true" />}
      role="alert"
    >
      <p className="whitespace-pre-line">{detail}</p>
      {retry ? <Button onClick={retry}>Try again</Button> : <p>It is tried again by itself.</p>}
    </Notice>
  );
}

interface NoticeProps {
  title: string;
  icon: ReactNode;
  children: ReactNode;
  page?: boolean;
  role?: "alert" | "status";
}

/** A few words in the middle of what would otherwise be empty. */
export function Notice({ title, icon, children, page = false, role }: NoticeProps) {
  return (
    <div
      role={role}
      className={`mx-auto flex max-w-lg flex-col items-center justify-center gap-3 px-6 py-12 text-center text-muted ${page ? "min-h-dvh" : ""}`}
    >
      {icon}
      <h2 className="text-lg font-semibold text-ink">{title}</h2>
      {children}
    </div>
  );
}
