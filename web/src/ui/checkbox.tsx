interface CheckboxProps {
  /** Its name for those who do not see what it stands beside. */
  label: string;
  checked: boolean;
  /** `isRange`: with Shift held. */
  onChange(isChecked: boolean, isRange: boolean): void;
}

export function Checkbox({ label, checked, onChange }: CheckboxProps) {
  return (
    <label className="flex size-8 items-center justify-center">
      <span className="sr-only">{label}</span>
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={checked}
        onChange={(event) => {
          const { nativeEvent } = event;
          onChange(event.target.checked, nativeEvent instanceof MouseEvent && nativeEvent.shiftKey);
        }}
      />
    </label>
  );
}
