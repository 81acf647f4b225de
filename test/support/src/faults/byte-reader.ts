import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** Reads HTTP/1.1 messages off a socket, byte for byte as they came. */
export interface ByteReader {
  /** Up to and with the empty line; undefined when the peer ended before a first byte. */
  head(): Promise<Buffer | undefined>;
  /** Pieces of the body that follows `head`; they end with it, or early when the peer does. */
  body(head: MessageHead): AsyncGenerator<Buffer, void, undefined>;
}

export interface MessageHead {
  /** The first line. */
  readonly start: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly framing: Framing;
}

type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** Until the connection ends. */
  | { readonly kind: "close" };

export function byteReader(socket: Socket): ByteReader {
  const source: AsyncIterator<Buffer, undefined> = socket[Symbol.asyncIterator]();
  let waiting: Buffer = Buffer.alloc(0);
  /** False when the peer has ended. */
  const more = async (): Promise<boolean> => {
    const { value } = await source.next();
    if (value === undefined) return false;
    waiting = waiting.byteLength === 0 ? value : Buffer.concat([waiting, value]);
    return true;
  };
  const take = (bytes: number): Buffer => {
    const taken = waiting.subarray(0, bytes);
    waiting = waiting.subarray(bytes);
    return taken;
  };
  /** Up to and with `mark`, or what there was. */
  const until = async (mark: string): Promise<Buffer> => {
    for (;;) {
      const at = waiting.indexOf(mark);
      if (at >= 0) return take(at + mark.length);
      if (!(await more())) return take(waiting.byteLength);
    }
  };
  async function* some(bytes: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = bytes; left > 0; ) {
      if (waiting.byteLength === 0 && !(await more())) return;
      const piece = take(left);
      left -= piece.byteLength;
      yield piece;
    }
  }
  async function* chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const line = await until("\r\n");
      yield line;
      const size = Number.parseInt(line.toString("latin1"), 16);
      if (!(size > 0)) break;
      yield* some(size + 2);
    }
    // Trailers, if any, and the empty line.
    for (let line = await until("\r\n"); line.byteLength > 0; line = await until("\r\n")) {
      yield line;
      if (line.byteLength === 2) return;
    }
  }
  return {
    async head() {
      const head = await until("\r\n\r\n");
      return head.byteLength === 0 ? undefined : head;
    },
    async *body({ framing }) {
      if (framing.kind === "length") yield* some(framing.bytes);
      else if (framing.kind === "chunked") yield* chunks();
      else yield* some(Number.POSITIVE_INFINITY);
    },
  };
}

export function parseRequestHead(head: Buffer): MessageHead {
  const { start, headers } = parseHead(head);
  return { start, headers, framing: framingOf(headers) ?? { kind: "length", bytes: 0 } };
}

/** An answer's framing depends on the method that was asked. */
export function parseAnswerHead(head: Buffer, method: string): MessageHead & { readonly status: number } {
  const { start, headers } = parseHead(head);
  const status = Number(start.split(" ")[1]);
  const bare = method === "HEAD" || status < 200 || status === 204 || status === 304;
  const framing: Framing = bare ? { kind: "length", bytes: 0 } : (framingOf(headers) ?? { kind: "close" });
  return { start, headers, status, framing };
}

function framingOf(headers: ReadonlyMap<string, string>): Framing | undefined {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return { kind: "chunked" };
  const length = headers.get("content-length");
  return length === undefined ? undefined : { kind: "length", bytes: Number(length) };
}

function parseHead(head: Buffer): { readonly start: string; readonly headers: ReadonlyMap<string, string> } {
  const [start = "", ...lines] = head.toString("latin1").trimEnd().split("\r\n");
  return {
    start,
    headers: new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    ),
  };
}
