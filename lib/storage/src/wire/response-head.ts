import { malformed } from "./failures.ts";
import { parseFields, valuesOf } from "./fields.ts";

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

const framingWithTab = /^(?:content-length|transfer-encoding):.*\t/i;
const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const none: readonly string[] = [];
const noOptions: ReadonlySet<string> = new Set();

/** Reads the lines of a head (head-reader.ts); throws `unavailable` for anything that is not strictly HTTP/1.x. */
export function parseResponseHead(lines: readonly string[]): ResponseHead {
  const { version, status } = parseStatusLine(lines[0] ?? "");
  const headers = parseFields(lines, 1);
  const contentLengths = headers.has("content-length") ? valuesOf("content-length", lines) : none;
  const transferEncodings = headers.has("transfer-encoding") ? valuesOf("transfer-encoding", lines) : none;
  const framed = contentLengths !== none || transferEncodings !== none;
  // A tab is a blank to the standard and part of the value to some parsers, node:http's among them.
  if (framed && lines.some((line) => line.includes("\t") && framingWithTab.test(line))) {
    throw malformed("a tab in a header that frames the body");
  }
  const connection = headers.get("connection");
  return {
    status,
    version,
    headers,
    contentLengths,
    transferEncodings,
    connection: connection === undefined ? noOptions : new Set(connection.toLowerCase().split(/[ \t]*,[ \t]*/)),
  };
}
