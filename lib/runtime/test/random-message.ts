/** Messages of any type filled by chance, for tests that hold for every message. */
import { type DescField, type DescFile, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

type Random = () => number;

/** The messages of `files` and of all that these import, in an order that is always the same. */
export function messagesOf(...files: readonly DescFile[]): readonly DescMessage[] {
  const seen = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (seen.has(file)) return;
    seen.add(file);
    file.dependencies.forEach(add);
  };
  files.forEach(add);
  const within = (message: DescMessage): DescMessage[] => [message, ...message.nestedMessages.flatMap(within)];
  return [...seen].flatMap((file) => file.messages.flatMap(within));
}

const texts = ["", "x", "é", "key", "𝄞", "y".repeat(70), "ü".repeat(70), "z".repeat(200)];
const integers = [0n, 1n, -1n, 127n, 128n, 2n ** 31n - 1n, -(2n ** 31n), 2n ** 32n - 1n, 2n ** 53n, -(2n ** 63n)];
const doubles = [0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, Number.MAX_VALUE];

/** Bytes of a message of `schema`, each of its fields there or not; deeper than four messages few are. */
export function randomMessage(random: Random, schema: DescMessage, depth = 1): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of schema.fields) {
    if (random() > 1 / depth || (depth > 4 && field.message !== undefined && random() < 0.9)) continue;
    const several = field.fieldKind === "list" || field.fieldKind === "map";
    for (let times = several ? integer(random, 4) : 1; times > 0; times -= 1) {
      if (field.fieldKind === "map") {
        const entry = new BinaryWriter();
        scalar(random, entry, 1, field.mapKey);
        value(random, entry, 2, field, depth);
        writer.tag(field.number, WireType.LengthDelimited).bytes(entry.finish());
      } else value(random, writer, field.number, field, depth);
    }
  }
  if (random() < 0.1) writer.tag(19_001, WireType.LengthDelimited).string(oneOf(random, texts));
  if (random() < 0.1) writer.tag(19_002, WireType.Varint).uint64(2n ** 40n);
  return writer.finish();
}

function value(random: Random, writer: BinaryWriter, number: number, field: DescField, depth: number): void {
  if (field.message === undefined) return scalar(random, writer, number, field.scalar ?? ScalarType.INT32);
  writer.tag(number, WireType.LengthDelimited).bytes(randomMessage(random, field.message, depth + 1));
}

function scalar(random: Random, writer: BinaryWriter, number: number, type: ScalarType): void {
  if (type === ScalarType.STRING || type === ScalarType.BYTES)
    writer.tag(number, WireType.LengthDelimited).string(oneOf(random, texts));
  else if (type === ScalarType.DOUBLE) writer.tag(number, WireType.Bit64).double(oneOf(random, doubles));
  else if (type === ScalarType.FLOAT)
    writer.tag(number, WireType.Bit32).float(Math.fround(oneOf(random, [0, -0, 1.5, Number.NaN])));
  else if ([ScalarType.FIXED32, ScalarType.SFIXED32].includes(type))
    writer.tag(number, WireType.Bit32).fixed32(integer(random, 2 ** 32));
  else if ([ScalarType.FIXED64, ScalarType.SFIXED64].includes(type))
    writer.tag(number, WireType.Bit64).fixed64(BigInt.asUintN(64, oneOf(random, integers)));
  else writer.tag(number, WireType.Varint).uint64(BigInt.asUintN(64, oneOf(random, integers)));
}

function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}

function oneOf<T>(random: Random, choices: readonly T[]): T {
  const choice = choices[integer(random, choices.length)];
  if (choice === undefined) throw new RangeError("nothing to choose from");
  return choice;
}
