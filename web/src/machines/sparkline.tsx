interface SparklineProps {
  /** From 0 to 1; null: a gap. */
  values: readonly (number | null)[];
  /** The highest of each point, drawn as a hair above it. */
  peaks?: readonly (number | null)[];
  /** Its colour. Default: that of utilization. */
  fill?: string;
  className?: string;
}

/** How something went over time, the latest at the right. It is an ornament: words beside it say the same. */
export function Sparkline({ values, peaks = [], fill = "fill-running", className = "h-6" }: SparklineProps) {
  const width = Math.max(1, values.length);
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${width} 100`}
      preserveAspectRatio="none"
      className={`block w-full overflow-hidden rounded-sm bg-sunken ${className}`}
    >
      <path d={areasOf(peaks)} className={`${fill} opacity-25`} />
      <path d={areasOf(values)} className={`${fill} opacity-75`} />
    </svg>
  );
}

/** Steps, one a value; nothing is drawn where there is none. */
function areasOf(values: readonly (number | null)[]): string {
  return values
    .map((value, at) => {
      if (value === null) return "";
      // What is next to nothing is still there to be seen: it was looked at.
      const top = 100 - Math.max(3, 100 * Math.min(1, Math.max(0, value)));
      return `M${at} 100V${top.toFixed(1)}H${at + 1}V100Z`;
    })
    .join("");
}
