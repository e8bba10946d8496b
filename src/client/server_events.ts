/** One event of a `text/event-stream`. */
export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/**
 * Reads the events of a stream as the HTML standard lays them out; comments and what is cut off at the end are none.
 *
 * @param onSign  told of everything that comes, also of comments: the other side is alive
 */
export async function* readServerEvents(
  stream: AsyncIterable<Uint8Array>,
  onSign = (): void => undefined,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    onSign();
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

function parseBlock(block: string): ServerEvent | null {
  let id: string | null = null;
  let event = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^([a-z]+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === "id") id = value;
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length > 0 ? { id, event, data: data.join("\n") } : null;
}
