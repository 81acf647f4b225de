/** One call in Connect's wire form with bytes of the test's choosing, and its answer taken apart without a client's help. */
import type { DescMethod } from "@bufbuild/protobuf";
import { envelope } from "./every-procedure.ts";

export interface Answer {
  readonly status: number;
  /** Connect's code; absent in a success. */
  readonly code?: string;
  /** What the error says. */
  readonly text?: string;
  readonly messages: readonly Uint8Array[];
}

/** What a stream that has no end is given before it must end with `deadline_exceeded`. */
const deadlineMs = 1500;

/** Rejects when the connection drops, or no answer comes within ten seconds. */
export async function call(
  url: string,
  method: DescMethod,
  message: Uint8Array,
  contentType?: string,
): Promise<Answer> {
  const streams = method.methodKind !== "unary";
  const type = contentType ?? (streams ? "application/connect+proto" : "application/proto");
  const body = type.startsWith("application/connect") ? envelope(message) : message;
  const answer = await fetch(`${url}/${method.parent.typeName}/${method.name}`, {
    method: "POST",
    headers: { "content-type": type, "connect-protocol-version": "1", "connect-timeout-ms": String(deadlineMs) },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  const { status } = answer;
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (status !== 200) return { status, ...errorIn(bytes), messages: [] };
  if (!streams) return { status, messages: [bytes] };
  return { status, ...frames(bytes) };
}

/** A stream's frames: a flag, four bytes of length, a message; the one with flag 2 is the end, as JSON. */
function frames(bytes: Buffer): Omit<Answer, "status"> {
  const messages: Uint8Array[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const [flag, length] = [bytes.readUInt8(at), bytes.readUInt32BE(at + 1)];
    const content = bytes.subarray(at + 5, at + 5 + length);
    if (flag === 2) return { ...errorIn(content), messages };
    messages.push(content);
    at += 5 + length;
  }
  throw new Error(`a stream of ${bytes.length} bytes has no end frame`);
}

/** Empty for bytes that are no error document. */
function errorIn(bytes: Buffer): { readonly code?: string; readonly text?: string } {
  if (bytes.length === 0) return {};
  const document = JSON.parse(bytes.toString("utf8")) as ErrorDocument;
  const { code, message } = document.error ?? document;
  return { ...(code !== undefined && { code }), ...(message !== undefined && { text: message }) };
}

interface ErrorDocument {
  readonly code?: string;
  readonly message?: string;
  readonly error?: ErrorDocument;
}
