import { malformed } from "./failures.ts";
import { addField, checkCount, fieldOf } from "./fields.ts";

/** The head of a response, checked; what its framing means is framing.ts's part. */
export interface ResponseHead {
  readonly status: number;
  /** 1.0 or 1.1; later minor versions of HTTP/1 would speak as 1.1 does. */
  readonly version: "1.0" | "1.1";
  readonly headers: ReadonlyMap<string, string>;
  /** Each `Content-Length` as it came: joined, two that agree would look like one that lists. */
  readonly contentLengths: readonly string[];
  readonly transferEncodings: readonly string[];
  /** Options of `Connection`, lower case. */
  readonly connection: ReadonlySet<string>;
}

/** The first line of a head; throws `unavailable` for one of another protocol. */
export function parseStatusLine(line: string): Pick<ResponseHead, "version" | "status"> {
  const match = statusLine.exec(line);
  if (match === null) throw malformed("it does not begin with an HTTP/1.1 status line");
  return { version: match[1] === "0" ? "1.0" : "1.1", status: Number(match[2]) };
}

const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const noOptions: ReadonlySet<string> = new Set();

/** Reads the lines of a head (head-reader.ts); throws `unavailable` for anything that is not strictly HTTP/1.x. */
export function parseResponseHead(lines: readonly string[]): ResponseHead {
  const { version, status } = parseStatusLine(lines[0] ?? "");
  checkCount(lines.length - 1);
  const headers = new Map<string, string>();
  const contentLengths: string[] = [];
  const transferEncodings: string[] = [];
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const field = fieldOf(line);
    addField(headers, field);
    const values =
      field.name === "content-length"
        ? contentLengths
        : field.name === "transfer-encoding"
          ? transferEncodings
          : undefined;
    // A tab is a blank to the standard and part of the value to some parsers, node:http's among them.
    if (values !== undefined && line.includes("\t")) throw malformed("a tab in a header that frames the body");
    values?.push(field.value);
  }
  const connection = headers.get("connection");
  return {
    status,
    version,
    headers,
    contentLengths,
    transferEncodings,
    connection: connection === undefined ? noOptions : connectionOptions(connection),
  };
}

/** Of the values of all fields `Connection`. */
export function connectionOptions(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().split(/[ \t]*,[ \t]*/));
}
