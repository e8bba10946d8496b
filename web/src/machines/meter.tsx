interface MeterProps {
  label: string;
  /** 0 to 1; null: not known. */
  share: number | null;
  text: string;
  /** Default: that of utilization. */
  fill?: string;
}

/** How much of something is in use now. */
export function Meter({ label, share, text, fill = "bg-running" }: MeterProps) {
  return (
    <div className="flex items-center gap-2 text-xs">
      <span className="w-12 shrink-0 text-muted">{label}</span>
      <span aria-hidden="true" className="h-1.5 min-w-6 flex-1 overflow-hidden rounded-full bg-sunken">
        {share !== null && (
          <span className={`block h-full rounded-full ${fill}`} style={{ width: `${percentOf(share)}%` }} />
        )}
      </span>
      <span className="min-w-11 shrink-0 text-right">{text}</span>
    </div>
  );
}

function percentOf(share: number): number {
  return Math.round(100 * Math.min(1, Math.max(0, share)));
}
