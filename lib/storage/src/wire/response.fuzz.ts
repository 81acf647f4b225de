import { createRequire } from "node:module";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { FinalHead } from "./final-head.ts";
import { framingOf } from "./framing-of.ts";

/** Letters stand for bytes (Latin-1), so that an input can be read when it has found something. */
interface Input {
  readonly method: "GET" | "HEAD";
  readonly text: string;
  /** Lengths of the chunks it comes in, over and over. */
  readonly cuts: readonly number[];
  /** The body, where nothing was changed. */
  readonly body: string | undefined;
}

interface Outcome {
  readonly refused: boolean;
  readonly body: string;
  readonly complete: boolean;
  readonly surplus: boolean;
  readonly announced: number | undefined;
}

const stuff = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ";",
  "0",
  "5",
  "f",
  "\0",
  "\xff",
  "\r\n\r\n",
  "0\r\n\r\n",
  "1\r\nx\r\n",
  "Content-Length: 3\r\n",
  "content-length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "transfer-encoding: identity\r\n",
  "Connection: close\r\n",
  "HTTP/1.1 204 x\r\n\r\n",
  "HTTP/1.1 100 x\r\n\r\n",
  "HTTP/1.0",
  ";a=b",
  "-",
  "+",
  "0x",
  ", 3",
];

const fieldNames = ["ETag", "etag", "ETaG", "ETagg", "x-a", "X-A", "X-b", "Keep-Alive", "keep-alive", "__proto__"];

function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function pick(random: () => number, from: readonly string[]): string {
  return from[integer(random, from.length)] ?? "";
}

function letters(random: () => number, below: number): string {
  return Array.from({ length: integer(random, below) }, () => String.fromCharCode(integer(random, 256))).join("");
}

function inChunks(random: () => number, body: string): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const size = 1 + integer(random, 20);
    const chunk = body.slice(at, at + size);
    const extension = pick(random, ["", "", ";a", ';a="b c"']);
    text += `${pick(random, ["", "0", "00"])}${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`;
    at += size;
  }
  return `${text}0\r\n${pick(random, ["", "x-sum: 1\r\n"])}\r\n`;
}

/** A sound response and its body. */
function sound(random: () => number): Input {
  const method = random() < 0.9 ? "GET" : "HEAD";
  const interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(integer(random, 4) === 0 ? 1 + integer(random, 2) : 0);
  const status = pick(random, ["200 OK", "206 Partial Content", "404", "503 ", "204 No Content", "304 Not Modified"]);
  const other = pick(random, ["", 'ETag: "a"\r\n', "x:\t a b \r\n", "X-Amz-Meta: \xe9\r\n"]);
  // Names that differ in case or in a letter: those seen before are known by how they begin.
  const more = Array.from(
    { length: integer(random, 4) },
    () => `${pick(random, fieldNames)}: ${integer(random, 9)}\r\n`,
  );
  const body = letters(random, 60);
  const kind = integer(random, 3);
  const version = kind === 1 ? "1.1" : pick(random, ["1.1", "1.1", "1.0"]);
  const close = kind === 2 ? "Connection: close\r\n" : "";
  const framing =
    kind === 0 ? `Content-Length: ${body.length}\r\n` : kind === 1 ? "Transfer-Encoding: chunked\r\n" : close;
  const none = method === "HEAD" || /^(204|304)/.test(status);
  const sent = none ? "" : kind === 1 ? inChunks(random, body) : body;
  return {
    method,
    text: `${interim}HTTP/${version} ${status}\r\n${other}${more.join("")}${framing}\r\n${sent}`,
    cuts: Array.from({ length: 1 + integer(random, 4) }, () => 1 + integer(random, 30)),
    body: none ? "" : body,
  };
}

/** The same with something put in, taken out, changed or doubled. */
function changed(random: () => number, input: Input): Input {
  let { text } = input;
  for (let count = 1 + integer(random, 3); count > 0; count -= 1) {
    const at = integer(random, text.length + 1);
    const end = at + integer(random, 6);
    const put = random() < 0.7 ? pick(random, stuff) : letters(random, 4);
    const kind = integer(random, 4);
    if (kind === 0) text = text.slice(0, at) + put + text.slice(at);
    else if (kind === 1) text = text.slice(0, at) + put + text.slice(end);
    else if (kind === 2) text = text.slice(0, end) + text.slice(at);
    else {
      const line = text.indexOf("\r\n") + 2;
      text = text.slice(0, line) + put + text.slice(line);
    }
  }
  return { ...input, text, body: undefined };
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Reads `text` as a connection would, which ends behind it. */
function read({ method, text }: Input, cuts: readonly number[]): Outcome {
  const bytes = bytesOf(text);
  const heads = new FinalHead();
  const outcome = {
    refused: false,
    body: "",
    complete: false,
    surplus: false,
    announced: undefined as number | undefined,
  };
  let framing: ReturnType<typeof framingOf> | undefined;
  try {
    for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
      const size = cuts[turn % cuts.length] ?? 1;
      let chunk = bytes.slice(at, at + size);
      at += size;
      if (framing === undefined) {
        const taken = heads.push(chunk);
        if (heads.head === undefined) {
          // As the next read would: whoever kept a part without copying it reads this instead.
          chunk.fill(0x23);
          continue;
        }
        framing = framingOf(method, heads.head);
        outcome.announced = framing.length;
        chunk = chunk.subarray(taken);
      }
      outcome.body += textOf(chunk.subarray(0, framing.decode(chunk)));
    }
    if (framing === undefined) return { ...outcome, refused: true };
    framing.end();
  } catch (error) {
    if (!(error instanceof DataPlaneError) || error.code !== "unavailable") throw error;
    outcome.refused = true;
  }
  return { ...outcome, complete: framing?.done === true, surplus: framing?.surplus === true };
}

/** All that the head of `text` says, read `size` bytes at a time: a whole one and a line have readers of their own. */
function headOf(text: string, size: number): string {
  const bytes = bytesOf(text);
  const heads = new FinalHead();
  for (let at = 0; at < bytes.byteLength && heads.head === undefined; at += size)
    heads.push(bytes.slice(at, at + size));
  const { headers, connection, ...rest } = heads.head ?? {};
  const asked = [...(headers?.keys() ?? [])].map((name) => headers?.get(name));
  return JSON.stringify([rest, [...(headers ?? [])], asked, headers?.size, [...(connection ?? [])]]);
}

interface ForeignParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Uint8Array): unknown;
  finish(): unknown;
  [callback: number]: (...args: readonly never[]) => unknown;
}

interface ForeignParserClass {
  new (): ForeignParser;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

// node:http's own parser, which it keeps for itself: through a server each case would take a millisecond.
const { HTTPParser } = createRequire(import.meta.url)("_http_common") as { HTTPParser: ForeignParserClass };
const foreign = new HTTPParser();

/** What node:http makes of it: the body of the first final response, if it takes that for complete. */
function readForeign({ method, text }: Input): string | undefined {
  let body = "";
  let status = 0;
  let complete = false;
  foreign.initialize(HTTPParser.RESPONSE, {});
  foreign[HTTPParser.kOnHeaders] = () => undefined;
  foreign[HTTPParser.kOnHeadersComplete] = (...args: readonly unknown[]) => {
    if (!complete) status = Number(args[5]);
    return method === "HEAD" && status >= 200 ? 1 : 0;
  };
  foreign[HTTPParser.kOnBody] = (bytes: Uint8Array) => {
    if (!complete) body += textOf(bytes);
  };
  foreign[HTTPParser.kOnMessageComplete] = () => {
    if (status >= 200) complete = true;
  };
  foreign.execute(bytesOf(text));
  if (!complete) foreign.finish();
  return complete ? body : undefined;
}

/** A response, sound or changed, read in pieces, at once and by node:http. */
export const fuzzTarget: FuzzTarget = {
  name: "wire-response",
  subject: "lib/storage/src/wire/chunked-body.ts",
  further: [
    "body-framing",
    "fields",
    "final-head",
    "framing-of",
    "head-fields",
    "head-reader",
    "response-head",
    "whole-head",
  ].map((name) => `lib/storage/src/wire/${name}.ts`),
  generate(random) {
    const input = sound(random);
    return new TextEncoder().encode(JSON.stringify(random() < 0.3 ? input : changed(random, input)));
  },
  run(bytes) {
    const input = JSON.parse(new TextDecoder().decode(bytes)) as Input;
    const pieces = read(input, input.cuts);
    const whole = read(input, [input.text.length]);
    if (pieces.refused !== whole.refused)
      throw new Error(`cut up refused: ${pieces.refused}, at once: ${whole.refused}`);
    // A refusal keeps back what came in the same chunk.
    if (!pieces.body.startsWith(whole.body)) throw new Error("the body depends on where it was cut");
    if (pieces.announced !== undefined && pieces.body.length > pieces.announced) throw new Error("more than announced");
    if (input.body !== undefined && (pieces.refused || pieces.body !== input.body || pieces.surplus)) {
      throw new Error(`a sound response was misread: ${JSON.stringify(pieces)}`);
    }
    if (pieces.refused) return "rejected";
    if (!pieces.complete || pieces.body !== whole.body || pieces.surplus !== whole.surplus) {
      throw new Error(`accepted in two ways: ${JSON.stringify([pieces, whole])}`);
    }
    const [slow, fast] = [headOf(input.text, 1), headOf(input.text, input.text.length)];
    if (slow !== fast) throw new Error(`the head depends on where it was cut: ${slow}, at once: ${fast}`);
    const other = readForeign(input);
    // Nothing is accepted that node:http refuses.
    if (other !== pieces.body) {
      throw new Error(`node:http reads another body: ${JSON.stringify([other, pieces.body])}`);
    }
    return "accepted";
  },
};
