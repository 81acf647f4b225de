/**
 * connect-es answers `internal` for a message it cannot parse; it is the caller's fault and every other server of this
 * API says `invalid_argument`. Parsing happens before any code of ours, so the answer itself is mended.
 */
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/** `answer` to a request that reached no handler, with `internal` turned into `invalid_argument` in whichever wire form. */
export async function mendMalformed(answer: UniversalServerResponse): Promise<UniversalServerResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (answer.status === 500) {
    const mended = mendText(body.toString("utf8"));
    const header = new Headers(answer.header);
    header.set("content-length", String(Buffer.byteLength(mended)));
    return { ...answer, status: 400, header, body: once(Buffer.from(mended)) };
  }
  // A stream that reached no handler holds one envelope: a flag, four bytes of length, the end of the stream as text.
  if (body.length < 5 || body.readUInt32BE(1) !== body.length - 5) return { ...answer, body: once(body) };
  const mended = Buffer.from(mendText(body.subarray(5).toString("utf8")));
  const prefix = Buffer.from(body.subarray(0, 5));
  prefix.writeUInt32BE(mended.length, 1);
  return { ...answer, body: once(Buffer.concat([prefix, mended])) };
}

function mendText(text: string): string {
  return text
    .replace('"code":"internal"', '"code":"invalid_argument"')
    .replace(/^grpc-status: ?13\b/im, "grpc-status: 3");
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
