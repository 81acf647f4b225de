/** Each fault as a passage of bytes: what comes out is what the other side will see. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { AnswerEffect, RequestEffect } from "./fault.ts";
import { send } from "./send.ts";

/** Ends an exchange on purpose. */
export class HungUp extends Error {}

/** The head and what is let through of the body, towards the server. */
export async function* disturbRequest(
  effect: RequestEffect | undefined,
  client: Socket,
  head: Buffer,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  if (effect?.kind === "answer") {
    for await (const _piece of body) continue;
    await answer(client, effect);
    return;
  }
  const cut = effect?.kind === "reset-request" || effect?.kind === "stall-request" ? effect : undefined;
  if (cut?.afterBytes === 0) await breakOff(cut.kind, client);
  if (effect?.kind === "hold-request" && effect.afterBytes === 0) await held(effect.hold);
  yield head;
  if (effect?.kind === "trickle-request") yield* trickled(body, effect);
  else if (effect?.kind === "corrupt-request") yield* corrupted(body, effect.atByte);
  else if (effect?.kind === "hold-request") yield* heldAfter(body, effect.afterBytes, effect.hold);
  else if (cut === undefined) yield* body;
  else {
    yield* firstOf(body, cut.afterBytes);
    await breakOff(cut.kind, client);
  }
}

/** The head and what is let through of the body, towards the client. */
export async function* disturbAnswer(
  effect: AnswerEffect | undefined,
  client: Socket,
  head: Buffer,
  body: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  if (effect?.kind === "lost-answer") throw new HungUp();
  if (effect?.kind === "hold-answer" && effect.afterBytes === 0) await held(effect.hold);
  yield head;
  if (effect === undefined) yield* body;
  else if (effect.kind === "trickle-answer") yield* trickled(body, effect);
  else if (effect.kind === "corrupt-answer") yield* corrupted(body, effect.atByte);
  else if (effect.kind === "surplus-answer") {
    yield* body;
    yield Buffer.alloc(effect.bytes, "x");
  } else if (effect.kind === "hold-answer") {
    yield* heldAfter(body, effect.afterBytes, effect.hold);
  } else {
    yield* firstOf(body, effect.afterBytes);
    await breakOff(effect.kind, client);
  }
}

type Break = "reset-request" | "stall-request" | "reset-answer" | "short-answer" | "stall-answer";

async function breakOff(kind: Break, client: Socket): Promise<never> {
  if (kind === "reset-request" || kind === "reset-answer") {
    // What was written shall arrive, or the reset would discard it on the way.
    while (client.writableLength > 0 && !client.destroyed) await sleep(1);
    client.resetAndDestroy();
  } else if (kind !== "short-answer" && !client.closed) {
    await once(client, "close");
  }
  throw new HungUp();
}

async function answer(
  client: Socket,
  { status, headers, body = "" }: RequestEffect & { kind: "answer" },
): Promise<void> {
  const lines = Object.entries({ ...headers, "content-length": String(Buffer.byteLength(body)) }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  await send(client, Buffer.from(`HTTP/1.1 ${status} Answered\r\n${lines.join("")}\r\n${body}`));
}

/** At most `bytes`; leaves the rest unread. */
async function* firstOf(body: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void, undefined> {
  let left = bytes;
  if (left === 0) return;
  for await (const piece of body) {
    yield piece.subarray(0, left);
    left -= piece.byteLength;
    if (left <= 0) return;
  }
}

async function* heldAfter(
  body: AsyncIterable<Buffer>,
  bytes: number,
  hold: () => Promise<void>,
): AsyncGenerator<Buffer, void, undefined> {
  let seen = 0;
  let stopped = bytes === 0;
  for await (const piece of body) {
    const split = Math.min(piece.byteLength, Math.max(0, bytes - seen));
    seen += piece.byteLength;
    if (split > 0) yield piece.subarray(0, split);
    if (!stopped && seen >= bytes) {
      stopped = true;
      await held(hold);
    }
    if (split < piece.byteLength) yield piece.subarray(split);
  }
}

async function held(hold: () => Promise<void>): Promise<void> {
  try {
    await hold();
  } catch (cause) {
    throw new HungUp("cut where it was held", { cause });
  }
}

async function* corrupted(body: AsyncIterable<Buffer>, at: number): AsyncGenerator<Buffer, void, undefined> {
  let seen = 0;
  for await (const piece of body) {
    const copy = Buffer.from(piece);
    const index = at - seen;
    if (index >= 0 && index < copy.byteLength) copy[index] = (copy[index] ?? 0) ^ 0xff;
    seen += copy.byteLength;
    yield copy;
  }
}

async function* trickled(
  body: AsyncIterable<Buffer>,
  { bytes, everyMs }: { readonly bytes: number; readonly everyMs: number },
): AsyncGenerator<Buffer, void, undefined> {
  let left = bytes;
  for await (const piece of body) {
    const slow = piece.subarray(0, left);
    left -= slow.byteLength;
    for (const byte of slow) {
      yield Buffer.of(byte);
      await sleep(everyMs);
    }
    if (slow.byteLength < piece.byteLength) yield piece.subarray(slow.byteLength);
  }
}
