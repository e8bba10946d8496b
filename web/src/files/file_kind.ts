/** How a file is shown: as what its name says, as far as that does no harm. All else is text, or a download. */
export type FileKind = { kind: "image"; type: string } | { kind: "json" } | { kind: "text" };

/** Pictures of dots alone. An SVG is a document that may do things, and is shown as the text that it is. */
const imageTypes: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

export function fileKind(name: string): FileKind {
  const [, ending = ""] = /\.([^.]+)$/.exec(name.toLowerCase()) ?? [];
  const type = Object.hasOwn(imageTypes, ending) ? imageTypes[ending] : undefined;
  if (type !== undefined) return { kind: "image", type };
  return { kind: ending === "json" ? "json" : "text" };
}

/** Of a text so much is looked at; the rest is in the download. */
export const SHOWN_TEXT_BYTES = 1024 * 1024;
export const LARGEST_IMAGE_BYTES = 32 * 1024 * 1024;

const LOOKED_AT = 8192;

/** Whether bytes are no text: as git tells, by a NUL near the beginning. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, LOOKED_AT).includes(0);
}

/** The text of bytes that may have been cut off within a character. */
export function textOf(bytes: Uint8Array, isCut: boolean): string {
  const text = new TextDecoder().decode(bytes, { stream: isCut });
  return isCut ? text.slice(0, text.lastIndexOf("\n") + 1) || text : text;
}
