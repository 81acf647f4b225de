import { Buffer } from "node:buffer";
import { type FieldName, fieldNameAt } from "./field-names.ts";
import { maxFields } from "./fields.ts";
import { HeadFields } from "./head-fields.ts";
import { connectionOptions, type ResponseHead } from "./response-head.ts";

const headEnd = Buffer.from("\r\n\r\n");
/** Heads of stores have less than one; what is longer is read line by line. */
const maxWholeBytes = 8 * 1024;
const versionAt = "HTTP/1.".length;

/** All lines of a head in one look: what `parseStatusLine` and `fieldOf` accept, and nothing else. */
const soundHead =
  /^HTTP\/1\.[01] [1-5][0-9][0-9](?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;

const noOptions: ReadonlySet<string> = new Set();

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
  const ends = [text.indexOf("\r")];
  const lines: FieldName[] = [];
  for (let from = (ends[0] ?? 0) + 2; from < text.length; ) {
    lines.push(fieldNameAt(text, from, text.indexOf(":", from)));
    const lineEnd = text.indexOf("\r", from);
    ends.push(lineEnd);
    from = lineEnd + 2;
  }
  if (lines.length > maxFields) return undefined;
  const headers = new HeadFields(text, lines, ends);
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
