/** What a task may leave: files, folders, links and worse, and what it declares. */
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import type { Type } from "./documents.ts";
import { fittingEntries } from "./fitting-outputs.ts";
import type { LeftEntry } from "./left-entry.ts";
import { below, oneOf, type Random } from "./random-literals.ts";

export interface LeftOutputs {
  /** Bytes of a serialized TypedInterface. */
  readonly declared: readonly number[];
  readonly entries: readonly LeftEntry[];
  /** Inputs were declared, and perhaps their staging failed. */
  readonly inputs: "none" | "staged" | "failed";
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
  '{"code":',
  '{"message":7}',
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
  // Of what lies at the top, itself.
  "_ERROR",
  "/proc/self/environ",
] as const;

export function randomOutputs(random: Random): LeftOutputs {
  const count = 1 + below(random, 3);
  const names = Array.from({ length: count }, (_, index) =>
    random() < 0.95 ? (variables[index] ?? "x") : oneOf(random, variables),
  );
  const types = names.map((key) => ({ key, type: randomType(random, 2) }));
  const outputs = { variables: types.map(({ key, type }) => ({ key, value: { type } })) };
  const declared = toBinary(TypedInterfaceSchema, create(TypedInterfaceSchema, { outputs }));
  // Entries of chance are refused nearly always, before anything is stored: so half of the tasks mean well.
  const meansWell = random() < 0.5;
  const entries = meansWell ? types.flatMap(({ key, type }) => fittingEntries(random, type, key)) : [];
  const strange = Array.from({ length: meansWell ? below(random, 2) : 1 + below(random, 6) }, () =>
    randomEntry(random),
  );
  const inputs = oneOf<LeftOutputs["inputs"]>(random, ["none", "none", "staged", "failed"]);
  return { declared: [...declared], entries: [...entries, ...strange], inputs };
}

function randomEntry(random: Random): LeftEntry {
  const at = oneOf(random, places);
  const chance = random();
  if (chance < 0.75) return { at, kind: "file", text: oneOf(random, texts) };
  if (chance < 0.85) return { at, kind: "folder", text: "" };
  if (chance < 0.97) return { at, kind: "link", text: oneOf(random, targets) };
  return { at, kind: chance < 0.99 ? "pipe" : "large", text: "" };
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
