import { Buffer } from "node:buffer";
import { maxFields } from "./fields.ts";
import { HeadFields, HeadShape } from "./head-shape.ts";
import { connectionOptions, type ResponseHead } from "./response-head.ts";

const headEnd = Buffer.from("\r\n\r\n");
/** Heads of stores have less than one; what is longer is read line by line. */
const maxWholeBytes = 8 * 1024;
const versionAt = "HTTP/1.".length;

/** All lines of a head in one look: what `parseStatusLine` and `fieldOf` accept, and nothing else. */
const soundHead =
  /^HTTP\/1\.[01] [1-5][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

const noOptions: ReadonlySet<string> = new Set();
let latest = new HeadShape([]);

/** A head, and how many bytes it took. */
export interface WholeHead {
  readonly head: ResponseHead;
  readonly bytes: number;
}

/**
 * The head that begins in `chunk` if all of it is there and sound, as nearly all are: one pattern in place of a look at each
 * line. Undefined for every other, which is `HeadReader`'s to collect, and to refuse by what is wrong with it.
 */
export function wholeHead(chunk: Uint8Array): WholeHead | undefined {
  const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const end = buffer.indexOf(headEnd);
  if (end < 0 || end > maxWholeBytes) return undefined;
  // With the end of the last line, without the empty one.
  const text = buffer.toString("latin1", 0, end + 2);
  // A tab in a field that frames the body is refused; hardly anybody sends one.
  if (!soundHead.test(text) || text.includes("\t")) return undefined;
  const ends = lineEnds(text);
  if (ends.length - 1 > maxFields) return undefined;
  if (!isShaped(latest, text, ends)) latest = shapeOf(text, ends);
  const headers = new HeadFields(latest, text, ends);
  const connection = headers.get("connection");
  const head: ResponseHead = {
    status: Number(text.slice(versionAt + 2, versionAt + 5)),
    version: text.startsWith("0", versionAt) ? "1.0" : "1.1",
    headers,
    contentLengths: headers.all("content-length"),
    transferEncodings: headers.all("transfer-encoding"),
    connection: connection === undefined ? noOptions : connectionOptions(connection),
  };
  return { head, bytes: end + headEnd.length };
}

/** Where the lines of `text` end, each of which has an end. */
function lineEnds(text: string): number[] {
  const ends: number[] = [];
  for (let end = text.indexOf("\r"); end >= 0; end = text.indexOf("\r", end + 2)) ends.push(end);
  return ends;
}

function isShaped({ starts }: HeadShape, text: string, ends: readonly number[]): boolean {
  if (starts.length !== ends.length - 1) return false;
  let line = 0;
  for (const start of starts) {
    if (!text.startsWith(start, (ends[line] ?? 0) + 2)) return false;
    line += 1;
  }
  return true;
}

function shapeOf(text: string, ends: readonly number[]): HeadShape {
  const begins = ends.slice(0, -1).map((end) => end + 2);
  return new HeadShape(begins.map((begin) => text.slice(begin, text.indexOf(":", begin) + 1)));
}
