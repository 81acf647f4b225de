import { Buffer } from "node:buffer";
import { read, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { DataPlaneError } from "@flyte-dataplane/core";
import { abortable } from "../abortable.ts";
import type { FileSlice, Source } from "../driver.ts";
import { diskFailure } from "../file-target.ts";
import { isFileSlice, shrunk } from "../source.ts";
import type { Connection } from "./connection.ts";
import { returnBlock, takeBlock } from "./memory.ts";

/** Bytes handed to the kernel at a time: few system calls, and still in the cache when it copies them. */
const pieceBytes = 256 * 1024;
/** The way to the thread pool and back costs more than the cache saves, and what is in memory already is not in it. */
const largePieceBytes = 1024 * 1024;
/**
 * What is in memory goes to a kernel in one call, which takes what it has room for and tells when there is more; an
 * encrypted connection would copy all of it first.
 */
const largestPieceBytes = 8 * 1024 * 1024;
const readAt = promisify(read);
const lineEnd = Buffer.from("\r\n");
const lastChunk = Buffer.from("0\r\n\r\n");

export interface SendOptions {
  readonly length: number | "chunked";
  readonly writes: "sync" | "async";
  /** Text of Latin-1 letters to be sent before bytes in memory, and with the first of them; may be empty. */
  readonly head: string;
  /** Ends the sending after the piece under way, without an error: the answer is there already. */
  readonly stop: AbortSignal;
  /** Runs once the kernel has all that was announced, be the producer done or not. */
  readonly onSent: () => void;
}

/**
 * Sends a body and resolves once the kernel has it, or `stop` aborted. Rejects with `data_loss` when there is more or less of
 * it than announced, with what its producer threw, and as `Connection.write`.
 */
export async function sendBody(connection: Connection, body: Source, options: SendOptions): Promise<void> {
  if (options.length === 0) options.onSent();
  if (isFileSlice(body)) await sendFile(connection, body, options);
  else if (body instanceof Uint8Array) await sendBytes(connection, body, options);
  else await sendChunks(connection, body, options);
}

// A kernel that takes each piece at once would never let this process hear an answer or an abort: hence the `turn`s below.

async function sendBytes(
  connection: Connection,
  bytes: Uint8Array,
  { head, stop, writes, onSent }: SendOptions,
): Promise<void> {
  const most = mostAtOnce(connection, writes);
  for (let at = 0; at < bytes.byteLength && !stop.aborted; at += most) {
    if (at > 0) await turn();
    const piece = bytes.subarray(at, at + most);
    if (at === 0 && head !== "") await connection.write(head, piece);
    else await connection.write(piece);
    if (at + most >= bytes.byteLength) onSent();
  }
}

/** Several bodies may be on their way: while the kernel copies one of them, a service answers nobody. */
function mostAtOnce({ encrypts }: Connection, writes: "sync" | "async"): number {
  if (writes === "async") return pieceBytes;
  return encrypts ? largePieceBytes : largestPieceBytes;
}

async function sendFile(
  connection: Connection,
  { fd, offset, length }: FileSlice,
  { writes, stop, onSent }: SendOptions,
): Promise<void> {
  const block = writes === "sync" ? takeBlock() : undefined;
  const buffer = block?.subarray(0, pieceBytes) ?? Buffer.allocUnsafeSlow(Math.min(length, largePieceBytes));
  for (let done = 0; done < length && !stop.aborted; ) {
    const wanted = Math.min(buffer.byteLength, length - done);
    const count = await readPiece(fd, buffer.subarray(0, wanted), offset + done, writes);
    if (count === 0) throw shrunk(offset + done, offset + length);
    await connection.write(buffer.subarray(0, count));
    done += count;
    if (done === length) onSent();
    await turn();
  }
  // Not after a failure: the kernel may still have to take what is in it.
  if (block !== undefined) returnBlock(block);
}

async function readPiece(fd: number, buffer: Uint8Array, position: number, writes: "sync" | "async"): Promise<number> {
  try {
    if (writes === "sync") return readSync(fd, buffer, 0, buffer.byteLength, position);
    return (await readAt(fd, buffer, 0, buffer.byteLength, position)).bytesRead;
  } catch (error) {
    throw diskFailure(error);
  }
}

async function sendChunks(
  connection: Connection,
  body: AsyncIterable<Uint8Array>,
  { length, stop, onSent }: SendOptions,
): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of abortable(body, stop)) {
      sent += chunk.byteLength;
      if (length !== "chunked" && sent > length) throw wrongLength("more", length);
      if (chunk.byteLength === 0) continue;
      if (length !== "chunked") await connection.write(chunk);
      else await connection.write(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, lineEnd);
      if (sent === length) onSent();
    }
  } catch (error) {
    if (stop.aborted) return;
    throw error;
  }
  if (length === "chunked") {
    await connection.write(lastChunk);
    onSent();
  } else if (sent < length) {
    throw wrongLength(`${sent}`, length);
  }
}

function wrongLength(sent: string, length: number): DataPlaneError {
  return new DataPlaneError("data_loss", `the body has ${sent} bytes, ${length} were announced`);
}
