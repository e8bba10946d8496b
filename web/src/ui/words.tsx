/** A command line in which lines break between its words only, not at the dashes within them. */
export function Words({ text }: { text: string }) {
  return text.split(/(\s+)/).map((part, i) =>
    /^\s*$/.test(part) ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a word is known by its place
      <span key={i} className="inline-block max-w-full">
        {part}
      </span>
    ),
  );
}
