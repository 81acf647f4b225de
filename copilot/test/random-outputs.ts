/** What a task may leave: files, folders, links and worse, and what it declares. */

import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { Type } from "./documents.ts";
import { below, oneOf, type Random } from "./random-literals.ts";

export interface LeftEntry {
  readonly at: string;
  readonly kind: "file" | "folder" | "link" | "pipe";
  /** Content of a file, target of a link. */
  readonly text: string;
}

export interface LeftOutputs {
  /** Bytes of a serialized TypedInterface. */
  readonly declared: readonly number[];
  readonly entries: readonly LeftEntry[];
}

const variables = ["x", "y", "z", "../x", "_ERROR", "outputs.pb", ""] as const;
const places = [
  "x",
  "y",
  "z",
  "x",
  "y",
  "z",
  "x.csv",
  "x.json",
  "x/0",
  "x/1",
  "x/1.txt",
  "x/a",
  "x/a/b",
  "y/0",
  "_ERROR",
  "é",
  "x/.hidden",
] as const;
const texts = [
  "7",
  "7\n",
  "-9223372036854775808",
  "9223372036854775808",
  "1e400",
  "NaN",
  "true",
  "null",
  "",
  "[1,2]",
  '{"a":1}',
  '{"a":{"a":1},"a":2}',
  "[[[[[[[[",
  "2024-02-30T00:00:00Z",
  "1h",
  "\ufffd",
  "x".repeat(3_000),
  '{"code":"C","message":"m","recoverable":false}',
] as const;
const targets = [
  "x",
  "y",
  "../secret",
  "../../secret",
  "/etc/passwd",
  ".",
  "..",
  "nowhere",
  "/proc/self/environ",
] as const;

export function randomOutputs(random: Random): LeftOutputs {
  const count = 1 + below(random, 3);
  const names = Array.from({ length: count }, (_, index) =>
    random() < 0.95 ? (variables[index] ?? "x") : oneOf(random, variables),
  );
  const outputs = { variables: names.map((key) => ({ key, value: { type: randomType(random, 2) } })) };
  const declared = toBinary(TypedInterfaceSchema, create(TypedInterfaceSchema, { outputs }));
  const entries = Array.from({ length: 1 + below(random, 6) }, () => randomEntry(random));
  return { declared: [...declared], entries };
}

function randomEntry(random: Random): LeftEntry {
  const at = oneOf(random, places);
  const chance = random();
  if (chance < 0.75) return { at, kind: "file", text: oneOf(random, texts) };
  if (chance < 0.85) return { at, kind: "folder", text: "" };
  return chance < 0.995 ? { at, kind: "link", text: oneOf(random, targets) } : { at, kind: "pipe", text: "" };
}

function randomType(random: Random, depth: number): Type {
  switch (below(random, depth > 0 ? 9 : 6)) {
    case 0:
    case 1:
      return { type: { case: "simple", value: below(random, 10) } };
    case 2:
      return { type: { case: "blob", value: { dimensionality: below(random, 2) } } };
    case 3:
      return { type: { case: "enumType", value: { values: ["7", "a"] } } };
    case 4:
      return random() < 0.5
        ? { type: { case: "schema", value: {} } }
        : { type: { case: "structuredDatasetType", value: {} } };
    case 5:
      return random() < 0.1 ? {} : { type: { case: "simple", value: 3 } };
    case 6:
      return { type: { case: "collectionType", value: randomType(random, depth - 1) } };
    case 7:
      return { type: { case: "mapValueType", value: randomType(random, depth - 1) } };
    default: {
      const variants = Array.from({ length: below(random, 3) }, () => randomType(random, depth - 1));
      return {
        type: { case: "unionType", value: { variants: [...variants, { type: { case: "simple", value: 0 } }] } },
      };
    }
  }
}

/** Makes what can be made: of two entries that cannot both be, the first. */
export function leave(folder: string, entries: readonly LeftEntry[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { at, kind, text } of entries) {
    const file = path.join(folder, at);
    try {
      // Nothing of ours is made through a link.
      const above = at.split("/").slice(0, -1);
      if (above.some((_, index) => isLink(path.join(folder, ...above.slice(0, index + 1))))) continue;
      mkdirSync(path.dirname(file), { recursive: true });
      if (kind === "folder") mkdirSync(file);
      else if (kind === "link") symlinkSync(text, file);
      else if (kind === "pipe") execFileSync("mkfifo", [file], { stdio: "ignore" });
      else writeFileSync(file, text, { flag: "wx" });
    } catch {
      // It is there already, or a file stands where its folder would be.
    }
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
