/** Inputs for fuzzing: maps of literals with the names and values that go wrong. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LiteralMapSchema, LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";

export type Random = () => number;
type Init = MessageInitShape<typeof LiteralSchema>;

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function oneOf<T>(random: Random, choices: readonly [T, ...T[]]): T {
  return choices[below(random, choices.length)] ?? choices[0];
}

const names = [
  "x",
  "y",
  "x.json",
  "0",
  "1",
  "file.txt",
  "1_file.txt",
  "",
  ".",
  "..",
  "../x",
  "../../escaped",
  "a/../../../escaped",
  "a/b",
  "/etc/passwd",
  "..\\x",
  "x\0y",
  "inputs.pb",
  "inputs.json",
  "outputs.pb",
  "error.pb",
  "_ERROR",
  "__proto__",
  "constructor",
  "é",
  "\u202ex",
  "%2e%2e",
  "~",
  "-rf",
  "n".repeat(300),
] as const;

const uris = [
  "mem://b/data/file.txt",
  "mem://b/data/file.txt",
  "mem://b/data",
  "mem://b/tree",
  "mem://b/tree/",
  "mem://b/absent",
  "mem://b/data/%2e%2e",
  "mem://b/data/..",
  "mem://b/a%2Fb",
  "mem://b/",
  "mem://",
  "mem://b/x?y#z",
  "s3:/",
  "",
  "nothing",
  "/data/file.txt",
  "mem://b/inputs.pb",
  "mem://b/literal",
  "mem://b/literals/list",
  "mem://b/literals/map",
  "mem://b/literals/union",
  "mem://b/literals/next",
  "mem://b/literals/loop",
  "mem://b/literals/broken",
  "http://127.0.0.1:1/a%2Fb/x?y",
  "https://127.0.0.1:1/%ff",
  "http://[",
] as const;

/** Offloaded literals by key, for the store. */
export const offloaded: Readonly<Record<string, Uint8Array>> = (() => {
  const text = scalar({ case: "primitive", value: { value: { case: "stringValue", value: "offloaded" } } });
  const leading = (uri: string): Init => ({ value: { case: "offloadedMetadata", value: { uri } } });
  const literals: Readonly<Record<string, Init>> = {
    literal: { ...text, hash: "h", metadata: { k: "v" } },
    "literals/list": { value: { case: "collection", value: { literals: [text, leading("mem://b/literal")] } } },
    "literals/map": { value: { case: "map", value: { literals: { k: text } } } },
    "literals/union": scalar({ case: "union", value: { value: text } }),
    "literals/next": leading("mem://b/literals/list"),
    "literals/loop": leading("mem://b/literals/loop"),
  };
  const stored = Object.entries(literals).map(
    ([key, literal]) => [key, toBinary(LiteralSchema, create(LiteralSchema, literal))] as const,
  );
  return { ...Object.fromEntries(stored), "literals/broken": Uint8Array.of(0xff) };
})();

const texts = ["", "7", "null", "é\u0000", "line\nline", "{}", "x".repeat(2_000)] as const;
const seconds = [0n, 1n, -1n, 253_402_300_799n, 253_402_300_800n, -62_135_596_801n, 2n ** 62n] as const;

const plain = ["x", "y", "z", "x.json", "0", "1"] as const;

function randomName(random: Random): string {
  return oneOf(random, random() < 0.9 ? plain : names);
}

/** One time in three as it was; else up to three bytes of it changed, removed, doubled or cut off. */
export function randomMessage(random: Random): Uint8Array {
  const literals = randomLiterals(random, 1 + below(random, 4), 3);
  return damaged(random, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals })));
}

function randomLiterals(random: Random, count: number, depth: number): Record<string, Init> {
  return Object.fromEntries(Array.from({ length: count }, () => [randomName(random), randomLiteral(random, depth)]));
}

function randomLiteral(random: Random, depth: number): Init {
  const kind = below(random, depth > 0 ? 14 : 10);
  switch (kind) {
    case 10:
      return {
        value: {
          case: "collection",
          value: {
            literals:
              random() < 0.3
                ? sameNames(random)
                : Array.from({ length: below(random, 4) }, () => randomLiteral(random, depth - 1)),
          },
        },
      };
    case 11:
      return { value: { case: "map", value: { literals: randomLiterals(random, below(random, 4), depth - 1) } } };
    case 12:
      return scalar({ case: "union", value: random() < 0.1 ? {} : { value: randomLiteral(random, depth - 1) } });
    case 13:
      return {
        value: { case: "offloadedMetadata", value: { uri: oneOf(random, uris), sizeBytes: 1n } },
        hash: oneOf(random, texts),
      };
    default:
      return random() < 0.05 ? {} : scalar(randomScalar(random, kind));
  }
}

/** Files that would all like to have one name. */
function sameNames(random: Random): Init[] {
  return Array.from({ length: 1 + below(random, 5) }, () => {
    const uri = `mem://b/data/${oneOf(random, ["file.txt", "1_file.txt", "2_file.txt", "", "%2e", "a%2Fb", "%ff"])}`;
    return scalar({ case: "blob", value: { uri } });
  });
}

type ScalarInit = Extract<NonNullable<Init["value"]>, { readonly case: "scalar" }>["value"]["value"];

function scalar(value: NonNullable<ScalarInit>): Init {
  return { value: { case: "scalar", value: { value } } };
}

function randomScalar(random: Random, kind: number): NonNullable<ScalarInit> {
  const uri = oneOf(random, uris);
  switch (kind) {
    case 0:
      return { case: "blob", value: { uri, metadata: { type: { dimensionality: below(random, 2) } } } };
    case 1:
      return { case: "blob", value: { uri, metadata: { type: { dimensionality: 0 } } } };
    case 2:
      return { case: "schema", value: { uri } };
    case 3:
      return { case: "structuredDataset", value: { uri } };
    case 4: {
      const value = Uint8Array.from({ length: below(random, 12) }, () => below(random, 256));
      return { case: "binary", value: { value, tag: oneOf(random, ["msgpack", ""]) } };
    }
    case 5:
      return { case: "noneType", value: {} };
    case 6:
      return { case: "error", value: { message: oneOf(random, texts) } };
    case 7:
      return { case: "generic", value: { a: [1, null, { b: oneOf(random, texts) }], [randomName(random)]: true } };
    default:
      return { case: "primitive", value: { value: randomPrimitive(random) } };
  }
}

function randomPrimitive(random: Random) {
  switch (below(random, 6)) {
    case 0:
      return { case: "integer", value: oneOf(random, [0n, 7n, 2n ** 63n - 1n, -(2n ** 63n)]) } as const;
    case 1:
      return {
        case: "floatValue",
        value: oneOf(random, [0, -0, 0.1, Number.NaN, Infinity, -Infinity, 1e308]),
      } as const;
    case 2:
      return { case: "boolean", value: random() < 0.5 } as const;
    case 3:
      return { case: "datetime", value: { seconds: oneOf(random, seconds), nanos: below(random, 2e9) - 5e8 } } as const;
    case 4:
      return { case: "duration", value: { seconds: oneOf(random, seconds), nanos: below(random, 2e9) - 1e9 } } as const;
    default:
      return { case: "stringValue", value: oneOf(random, texts) } as const;
  }
}

function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  let result = bytes;
  for (let times = below(random, 4); times > 1 && result.length > 0; times -= 1) {
    const at = below(random, result.length);
    const kind = below(random, 4);
    if (kind === 0) result = result.with(at, below(random, 256));
    else if (kind === 3) result = result.slice(0, at);
    else
      result = Uint8Array.from([
        ...result.slice(0, at + (kind === 2 ? 3 : 0)),
        ...result.slice(kind === 1 ? at + 1 : at),
      ]);
  }
  return result;
}
