import { DataPlaneError } from "@flyte-dataplane/core";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { formatSignedLink, parseSignedLink, type SignedLink } from "./link.ts";

const signingKey = new Uint8Array(32).fill(9);
const now = 1_700_000_000_000;
const endpoint = "http://127.0.0.1:1";
const pieces = [
  "a",
  "/",
  "..",
  "%",
  "%2f",
  "%00",
  "%ff",
  "&",
  "=",
  "?",
  "#",
  "+",
  " ",
  "é",
  "\u{1f600}",
  "\0",
  "signature=",
  "expires=",
  "1",
  "-",
  "method=PUT",
  "NaN",
  "1e400",
];

function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function text(random: () => number, max: number): string {
  return Array.from({ length: 1 + integer(random, max) }, () => pieces[integer(random, pieces.length)] ?? "").join("");
}

function someLink(random: () => number): SignedLink {
  return {
    method: random() < 0.5 ? "GET" : "PUT",
    key: text(random, 6),
    expiresAt: now + integer(random, 10) - 2,
    contentMd5: random() < 0.5 ? undefined : Uint8Array.from({ length: 16 }, () => integer(random, 256)),
    contentLength: random() < 0.5 ? undefined : integer(random, 2 ** 40),
    downloadName: random() < 0.5 ? undefined : text(random, 4),
  };
}

/** A link of ours as it is, one with a place changed, or text that only looks like one. */
export const fuzzTarget: FuzzTarget = {
  name: "signed-link",
  subject: "lib/storage/src/signed-files/link.ts",
  generate(random) {
    const link = someLink(random);
    const genuine = formatSignedLink(signingKey, endpoint, link).slice(endpoint.length);
    const kind = integer(random, 3);
    const at = integer(random, genuine.length);
    const changed =
      kind === 0
        ? genuine
        : kind === 1
          ? genuine.slice(0, at) + text(random, 2) + genuine.slice(at + 1)
          : `/signed-files/${text(random, 12)}`;
    return new TextEncoder().encode(JSON.stringify({ genuine, changed }));
  },
  run(input) {
    const { genuine, changed } = JSON.parse(new TextDecoder().decode(input)) as { genuine: string; changed: string };
    let link: SignedLink;
    try {
      link = parseSignedLink(signingKey, changed, now);
    } catch (error) {
      if (error instanceof DataPlaneError && (error.code === "permission_denied" || error.code === "not_found"))
        return "rejected";
      throw error;
    }
    // Whatever is accepted must say exactly what was signed: the same link, and not past its moment.
    const printed = formatSignedLink(signingKey, endpoint, link).slice(endpoint.length);
    if (printed !== genuine) throw new Error(`accepted as ${printed}, signed was ${genuine}`);
    if (link.expiresAt <= now) throw new Error("accepted after its moment");
    return "accepted";
  },
};
