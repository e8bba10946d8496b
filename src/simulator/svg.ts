type Attributes = Readonly<Record<string, string | number>>;

/** An element of SVG with what is in it, which is SVG already; numbers to a tenth. */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(tenth(value))}"`);
  const head = `<${name}${written.join("")}`;
  return content.length === 0 ? `${head}/>` : `${head}>${content.join("")}</${name}>`;
}

/** An element whose content is text. */
export function textElement(name: string, attributes: Attributes, text: string): string {
  return element(name, attributes, escaped(text));
}

/** Steps from point to point, across and then up or down; what does not move is left out. */
export function stepPath(points: readonly (readonly [x: number, y: number])[]): string {
  const [first] = points;
  if (!first) return "";
  let y = tenth(first[1]);
  let path = `M${tenth(first[0])} ${y}`;
  for (const [nextX, nextY] of points.slice(1)) {
    if (tenth(nextY) === y) continue;
    y = tenth(nextY);
    path += `H${tenth(nextX)}V${y}`;
  }
  const [lastX] = points.at(-1) ?? first;
  return `${path}H${tenth(lastX)}`;
}

function tenth(value: string | number): string {
  return typeof value === "string" ? value : String(Math.round(value * 10) / 10);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text for XML 1.0, which has no place for controls, nor for halves of characters. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}
