interface SmoothingFieldProps {
  /** How much of what came before counts: 0, as it is, to 0.99. */
  weight: number;
  onChange(weight: number): void;
}

/** How smooth curves are drawn. */
export function SmoothingField({ weight, onChange }: SmoothingFieldProps) {
  return (
    <label className="flex items-center gap-2 text-muted">
      Smoothing
      <input
        type="range"
        min={0}
        max={0.99}
        step={0.01}
        value={weight}
        className="w-28 accent-accent"
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <span className="w-8 text-ink">{weight.toFixed(2)}</span>
    </label>
  );
}
