import { Buffer } from "node:buffer";

/** Of one body on its way. Larger does not make it faster: it no longer fits beside the kernel's copy in the cache. */
const blockBytes: number = 512 * 1024;
const maxSpare = 8;

const spare: Uint8Array[] = [];

/** A block of memory with anything in it. Not initialising and reusing it is what keeps large transfers cheap. */
export function takeBlock(): Uint8Array {
  return spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
}

/** Gives a block back; nobody may hold a view of it, the socket included. */
export function returnBlock(block: Uint8Array): void {
  if (spare.length < maxSpare) spare.push(block);
}

/**
 * Where all sockets that await a head read to. One is enough for all of them: what arrived is used up before the next
 * socket gets its turn, and idle connections hold no memory. It has room for a small object with its head.
 */
export const sharedRoom: Uint8Array = Buffer.allocUnsafeSlow(128 * 1024);
