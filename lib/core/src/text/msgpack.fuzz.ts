import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { damaged, integer, type Random } from "../../test/random-input.ts";
import { canonicalMsgpack } from "./msgpack.ts";

function document(random: Random, depth: number): number[] {
  const count = integer(random, 4);
  const kind = integer(random, depth > 6 ? 4 : 7);
  if (kind === 0) return [integer(random, 128)];
  if (kind === 1) return [0xa0 + count, ...Array.from({ length: count }, () => 97 + integer(random, 4))];
  if (kind === 2) return [0xc4, count, ...Array.from({ length: count }, () => integer(random, 256))];
  if (kind === 3) return [0xcd, integer(random, 256), integer(random, 256)];
  if (kind === 4) return [0x90 + count, ...Array.from({ length: count }, () => document(random, depth + 1)).flat()];
  return [
    ...(kind === 5 ? [0x80 + count] : [0xde, 0, count]),
    ...Array.from({ length: 2 * count }, () => document(random, depth + 1)).flat(),
  ];
}

export const fuzzTarget: FuzzTarget = {
  name: "msgpack",
  subject: "lib/core/src/text/msgpack.ts",
  generate: (random) => damaged(random, Uint8Array.from(document(random, 0))),
  run: (input) => {
    const canonical = canonicalMsgpack(input);
    if (canonical === undefined) return "rejected";
    if (Buffer.compare(Buffer.from(canonical).sort(), Buffer.from(input).sort()) !== 0)
      throw new Error("bytes were lost");
    const again = canonicalMsgpack(canonical);
    if (again === undefined || Buffer.compare(again, canonical) !== 0) throw new Error("not canonical the second time");
    return "accepted";
  },
};
