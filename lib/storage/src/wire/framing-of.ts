import { type BodyFraming, SizedBody, UnsizedBody } from "./body-framing.ts";
import { ChunkedBody } from "./chunked-body.ts";
import { malformed } from "./failures.ts";
import type { ResponseHead } from "./response-head.ts";

/** Which framing a response to `method` has; throws `unavailable` where two readers could disagree about it. */
export function framingOf(method: string, head: ResponseHead): BodyFraming {
  const { contentLengths, transferEncodings } = head;
  if (contentLengths.length > 1) throw malformed("more than one Content-Length");
  if (transferEncodings.length > 0) checkCoding(head);
  const announced = contentLengths[0] === undefined ? undefined : parseLength(contentLengths[0]);
  if (method === "HEAD" || head.status === 204 || head.status === 304) return new SizedBody(0, announced);
  if (transferEncodings.length > 0) return new ChunkedBody();
  if (announced !== undefined) return new SizedBody(announced, announced);
  if (head.version === "1.1" && !head.connection.has("close")) throw malformed("its body has no length");
  return new UnsizedBody();
}

function checkCoding({ version, contentLengths, transferEncodings }: ResponseHead): void {
  if (contentLengths.length > 0) throw malformed("both Content-Length and Transfer-Encoding");
  if (version === "1.0") throw malformed("Transfer-Encoding in HTTP/1.0");
  if (transferEncodings.length > 1 || transferEncodings[0]?.toLowerCase() !== "chunked") {
    throw malformed("a transfer coding other than chunked");
  }
}

function parseLength(text: string): number {
  const length = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(length)) throw malformed("an improper Content-Length");
  return length;
}
