import { Code, ConnectError } from "@connectrpc/connect";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { type Envelope, EnvelopeReader, frame, wholeEnvelope } from "./envelope.ts";

const maxBytes = 300;
/** Of an input, how the bytes behind it are cut into pieces. */
const headBytes = 4;

const integer = (random: () => number, below: number): number => Math.floor(random() * below);

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Envelopes as we write them, of which some say another length than they have, and the end may be missing. */
function stream(random: () => number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let count = integer(random, 6); count > 0; count -= 1) {
    // Rarely one that goes out in two pieces.
    const length = random() < 0.002 ? 65_537 : integer(random, random() < 0.5 ? 8 : maxBytes + 3);
    const [first = new Uint8Array(), ...rest] = frame(integer(random, 256), new Uint8Array(length).fill(count));
    if (random() < 0.05) first[1 + integer(random, 4)] = integer(random, 256);
    pieces.push(first, ...rest);
  }
  const all = concat(pieces);
  return random() < 0.3 ? all.subarray(0, integer(random, all.length + 1)) : all;
}

interface Found {
  readonly envelopes: readonly Envelope[];
  readonly failure: Code | undefined;
}

/** The same, read all at once and byte by byte. */
function expected(bytes: Uint8Array): Found {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const envelopes: Envelope[] = [];
  let at = 0;
  while (at + 5 <= bytes.length) {
    const length = view.getUint32(at + 1);
    if (length > maxBytes) return { envelopes, failure: Code.ResourceExhausted };
    if (at + 5 + length > bytes.length) break;
    envelopes.push({ flags: view.getUint8(at), data: bytes.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return { envelopes, failure: at === bytes.length ? undefined : Code.InvalidArgument };
}

function read(bytes: Uint8Array, cuts: Uint8Array): Found {
  const reader = new EnvelopeReader(maxBytes);
  const envelopes: Envelope[] = [];
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      // A piece of no bytes is one, too; the last of a round has some, so that each round goes on.
      const cut = cuts[turn % cuts.length] ?? 1;
      const size = turn % cuts.length === cuts.length - 1 ? Math.max(1, cut) : cut;
      envelopes.push(...reader.push(bytes.subarray(at, at + size)));
      at += size;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { envelopes, failure: error.code };
  }
  return { envelopes, failure: undefined };
}

/** The short way of a small call: what is one whole envelope, and nothing else. */
function readWhole(bytes: Uint8Array): Found {
  try {
    const whole = wholeEnvelope(bytes, maxBytes);
    return { envelopes: whole === undefined ? [] : [whole], failure: undefined };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { envelopes: [], failure: error.code };
  }
}

const shown = ({ envelopes, failure }: Found): string =>
  JSON.stringify([failure, ...envelopes.map(({ flags, data }) => [flags, data.join()])]);

/** A stream of envelopes in pieces of any size: what is read does not depend on where it was cut. */
export const fuzzTarget: FuzzTarget = {
  name: "envelope",
  subject: "lib/runtime/src/connect/envelope.ts",
  generate(random) {
    const cuts = Uint8Array.from({ length: headBytes }, () => integer(random, random() < 0.7 ? 12 : 256));
    return concat([cuts, stream(random)]);
  },
  run(input) {
    const bytes = input.subarray(headBytes);
    const wanted = expected(bytes);
    const found = read(bytes, input.subarray(0, headBytes));
    // Of a piece with a fault in it, the envelopes before the fault need not be handed out.
    const same =
      wanted.failure === undefined
        ? shown(found) === shown(wanted)
        : found.failure === wanted.failure &&
          shown({ ...found, failure: undefined }) ===
            shown({ envelopes: wanted.envelopes.slice(0, found.envelopes.length), failure: undefined });
    if (!same) throw new Error(`read ${shown(found)}, expected ${shown(wanted)}`);
    const whole = readWhole(bytes);
    const one = wanted.failure === undefined && wanted.envelopes.length === 1 ? wanted.envelopes : [];
    if (shown({ ...whole, failure: undefined }) !== shown({ envelopes: one, failure: undefined }))
      throw new Error(`read as one ${shown(whole)}, expected ${shown(wanted)}`);
    if (whole.failure !== undefined && whole.failure !== wanted.failure)
      throw new Error(`refused as one by ${shown(whole)}, expected ${shown(wanted)}`);
    if (wanted.failure !== undefined) return "rejected";
    const again = concat(found.envelopes.flatMap(({ flags, data }) => frame(flags, data)));
    if (again.join() !== bytes.join()) throw new Error("written again, the envelopes are other bytes");
    return "accepted";
  },
};
