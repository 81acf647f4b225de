import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { msgpackText } from "./msgpack-text.ts";

/** Bytes that begin values: containers and lengths of every width more often than their share. */
const heads = [
  0x80, 0x82, 0x90, 0x93, 0xa0, 0xa3, 0xc1, 0xc4, 0xc7, 0xcb, 0xcf, 0xd3, 0xd4, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xdf,
];
const longest = 500;

export const fuzzTarget: FuzzTarget = {
  name: "msgpack-text",
  subject: "api/src/pages/msgpack-text.ts",
  generate: (random) => {
    const bytes = new Uint8Array(Math.floor(random() * 60));
    return bytes.map(() =>
      random() < 0.5 ? (heads[Math.floor(random() * heads.length)] ?? 0) : Math.floor(random() * 256),
    );
  },
  run: (input) => {
    const text = msgpackText(input, longest);
    if (text === undefined) return "rejected";
    // Indents and the last value written may go beyond; a document may not.
    if (text.length > 20 * longest) throw new Error(`${input.length} bytes made ${text.length} characters`);
    return "accepted";
  },
};
