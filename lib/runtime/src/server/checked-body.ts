/**
 * A binary request is looked over before connect-es decodes it: the decoder takes a field that runs past the end of its
 * message, or one of another wire type, for some value, and says of the rest only that it is malformed. The fault is
 * thrown out of the body, so that connect-es answers it in the wire form of the call.
 */
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import type { DescMethod } from "@bufbuild/protobuf";
import { checkMessage } from "@flyte-dataplane/core";
import { toConnectError } from "./rpc-errors.ts";

export interface CheckedBodyOptions {
  readonly method: DescMethod;
  readonly header: Headers;
  /** Larger bodies pass unread: connect-es refuses them. */
  readonly maxBytes: number;
}

/** `body` in one piece. Its iteration rejects with a ConnectError, `invalid_argument`, that names the field and offset at fault. */
export async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  { method, header, maxBytes }: CheckedBodyOptions,
): AsyncGenerator<Uint8Array> {
  const form = wireForm(header);
  const holdsOneMessage = method.methodKind === "unary" || method.methodKind === "server_streaming";
  if (form === undefined || !holdsOneMessage) {
    yield* body;
    return;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (size <= maxBytes) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size <= maxBytes) continue;
      yield Buffer.concat(chunks.splice(0));
    } else {
      yield chunk;
    }
  }
  if (size > maxBytes) return;
  const whole = Buffer.concat(chunks);
  const message = await messageIn(whole, form, maxBytes);
  try {
    if (message !== undefined) checkMessage(method.input, message, { what: "the request" });
  } catch (error) {
    throw toConnectError(error);
  }
  yield whole;
}

interface WireForm {
  /** The message stands in a frame: a flag, four bytes of length, the message. */
  readonly framed: boolean;
  readonly encoding: string;
}

/** Undefined for what is no binary message: JSON, content types of no protocol. */
function wireForm(header: Headers): WireForm | undefined {
  const type = /^[^;\s]*/.exec(header.get("content-type") ?? "")?.[0].toLowerCase() ?? "";
  if (type === "application/proto") return { framed: false, encoding: header.get("content-encoding") ?? "" };
  if (type === "application/connect+proto")
    return { framed: true, encoding: header.get("connect-content-encoding") ?? "" };
  if (/^application\/grpc(-web)?(\+proto)?$/.test(type))
    return { framed: true, encoding: header.get("grpc-encoding") ?? "" };
  return undefined;
}

/** Undefined where frame or compression are not as they should be, which connect-es tells by itself. */
async function messageIn(whole: Buffer, form: WireForm, maxBytes: number): Promise<Uint8Array | undefined> {
  if (!form.framed) return decompressed(whole, form.encoding, maxBytes);
  if (whole.length < 5 || whole.readUInt32BE(1) !== whole.length - 5) return undefined;
  return decompressed(whole.subarray(5), whole.readUInt8(0) === 1 ? form.encoding : "", maxBytes);
}

async function decompressed(bytes: Uint8Array, encoding: string, maxBytes: number): Promise<Uint8Array | undefined> {
  if (encoding === "" || encoding === "identity") return bytes;
  const decompress = { gzip: promisify(gunzip), br: promisify(brotliDecompress) }[encoding];
  return decompress?.(bytes, { maxOutputLength: maxBytes }).catch(() => undefined);
}
