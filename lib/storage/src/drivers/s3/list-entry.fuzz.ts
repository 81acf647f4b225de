import type { FuzzTarget } from "@flyte-dataplane/test-support";
import type { ObjectInfo } from "../../driver.ts";
import { EntryScanner, listedObject } from "./list-entry.ts";
import { parseXml } from "./xml.ts";

const names = ["Key", "Key", "Size", "ETag", "LastModified", "StorageClass", "ChecksumType", "Owner", "Contents"];
const texts: Readonly<Record<string, readonly string[]>> = {
  Key: ["a/b", "", "a&amp;b", "a%2Fb+c", " a ", "é", "a>b", "<a/>", "]]>"],
  Size: ["5", "0", "", "-1", " 5", "999999999999999", "9999999999999999", "5e3"],
  ETag: [
    '"a"',
    "&quot;a&quot;",
    "&#34;a&#34;",
    "a",
    '"',
    '""',
    '""a""',
    "&quot;a&amp;&quot;",
    '"W/a"',
    'W/"a"',
    "&#x22;a&#34;",
  ],
  LastModified: ["2026-11-21T23:34:44Z", "2026-11-21T23:34:44.567Z", "", "yesterday", "1"],
};
const marks = ["<", ">", "&", "/", " ", "\n", '"', "</", "<Key>", "</Contents>", "<Contents>", "x:", " a='1'"];

function integer(random: () => number, below: number): number {
  return Math.floor(random() * below);
}

function pick(random: () => number, from: readonly string[]): string {
  return from[integer(random, from.length)] ?? "";
}

function leaf(random: () => number, name: string): string {
  const all = texts[name] ?? ["x", ""];
  const text = random() < 0.85 ? (all[0] ?? "") : pick(random, all);
  return `<${name}>${text}</${name}>${random() < 0.02 ? pick(random, [" ", "\n", "x"]) : ""}`;
}

/** Some entries, most of them in the form of the first. */
function entries(random: () => number): string {
  const given = random() < 0.8 ? ["Key", "Size", "ETag", "LastModified"] : [];
  const form = [...given, ...Array.from({ length: integer(random, 4) }, () => pick(random, names))];
  form.sort(() => random() - 0.5);
  const entry = (): string => {
    const other = random() < 0.1 ? form.slice(1) : form;
    return `<Contents>${other.map((name) => leaf(random, name)).join("")}</Contents>`;
  };
  return Array.from({ length: 2 + integer(random, 3) }, entry).join("");
}

/** Entries of a listing, in the plain form or another, some with a place changed. */
export const fuzzTarget: FuzzTarget = {
  name: "s3-list",
  subject: "lib/storage/src/drivers/s3/list-entry.ts",
  generate(random) {
    const all = entries(random);
    const at = integer(random, all.length + 1);
    const changed = all.slice(0, at) + pick(random, marks) + all.slice(at + integer(random, 3));
    return new TextEncoder().encode(`<R>${random() < 0.5 ? all : changed}</R>`);
  },
  run(input) {
    const document = new TextDecoder().decode(input);
    const [plain, scanned] = [read(document, false), read(document, true)];
    if (JSON.stringify(plain) !== JSON.stringify(scanned)) {
      throw new Error(`read in two ways: ${JSON.stringify([plain, scanned])}`);
    }
    return plain === undefined ? "rejected" : "accepted";
  },
};

/** The objects and what else stands there; undefined for what is no document, or has an entry that describes no object. */
function read(document: string, scans: boolean): readonly unknown[] | undefined {
  const objects: ObjectInfo[] = [];
  const scanner = new EntryScanner();
  let sound = true;
  try {
    const root = parseXml(document, {
      scan(text, at) {
        const found = scans ? scanner.scan(text, at) : undefined;
        if (found !== undefined) objects.push(found.info);
        return found?.end;
      },
      drop(child) {
        if (child.name !== "Contents") return false;
        const info = listedObject(child);
        if (info === undefined) sound = false;
        else objects.push(info);
        scanner.learn(child);
        return true;
      },
    });
    return sound ? [root, objects] : undefined;
  } catch {
    return undefined;
  }
}
