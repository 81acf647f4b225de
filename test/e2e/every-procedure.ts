/** Every remote procedure that the generated descriptors know, and bytes that no honest caller sends to one. */
import { readdir } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { DescField, DescFile, DescMessage, DescMethod } from "@bufbuild/protobuf";

/** All methods of all services, in the order of their files. */
export async function everyProcedure(): Promise<readonly DescMethod[]> {
  // The package's one pattern leads to gen/<name>_pb.js; any name shows where that is.
  const known = "flyteidl2/core/literals";
  const file = fileURLToPath(import.meta.resolve(`@flyte-dataplane/proto/${known}`));
  const root = dirname(file).slice(0, -dirname(known).length);
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith("_pb.js")).sort();
  const methods: DescMethod[] = [];
  for (const name of names) {
    const specifier = `@flyte-dataplane/proto/${relative("", name).slice(0, -"_pb.js".length)}`;
    const exported = (await import(specifier)) as Readonly<Record<string, unknown>>;
    for (const value of Object.values(exported)) {
      if (isFile(value)) for (const service of value.services) methods.push(...service.methods);
    }
  }
  return methods;
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}

/** A message of `schema` whose one text is not UTF-8; undefined where no text can stand. */
export function notUtf8(schema: DescMessage): Uint8Array | undefined {
  const path = shortest(schema, (field) => field.fieldKind === "scalar" && field.scalar === 9);
  const last = path?.at(-1);
  if (path === undefined || last === undefined) return undefined;
  return wrap(path.slice(0, -1), delimited(last.number, Uint8Array.of(0x61, 0xff, 0xfe, 0xc0)));
}

/** A message of `schema` that holds a message in itself `depth` times; undefined where none can. */
export function deep(schema: DescMessage, depth: number): Uint8Array | undefined {
  for (const path of routes(schema)) {
    const target = path.at(-1)?.message ?? schema;
    const circle = shortest(target, (field) => field.message === target && field.fieldKind !== "map");
    if (circle === undefined) continue;
    let inner: Uint8Array = new Uint8Array();
    for (let level = 0; level < depth; level += circle.length) inner = wrap(circle, inner);
    return wrap(path, inner);
  }
  return undefined;
}

/** Groups in groups under a field that nobody has: skipping them must not recurse either. */
export function deepUnknown(depth: number): Uint8Array {
  const [begin, end] = [tag(1000, 3), tag(1000, 4)];
  return Buffer.concat([...Array.from({ length: depth }, () => begin), ...Array.from({ length: depth }, () => end)]);
}

/** One of Connect's stream frames, which for a request holds one message. */
export function envelope(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Ways from `schema` to each message that it can hold, nearest first, each message once. */
function* routes(schema: DescMessage): Generator<readonly DescField[]> {
  const seen = new Set([schema]);
  const open: { readonly at: DescMessage; readonly path: readonly DescField[] }[] = [{ at: schema, path: [] }];
  for (const { at, path } of open) {
    yield path;
    for (const field of at.fields) {
      if (field.message === undefined || field.fieldKind === "map" || seen.has(field.message)) continue;
      seen.add(field.message);
      open.push({ at: field.message, path: [...path, field] });
    }
  }
}

/** The shortest way from `schema` to a field that is `wanted`, itself the last. */
function shortest(schema: DescMessage, wanted: (field: DescField) => boolean): readonly DescField[] | undefined {
  for (const path of routes(schema)) {
    const found = (path.at(-1)?.message ?? schema).fields.find(wanted);
    if (found !== undefined) return [...path, found];
  }
  return undefined;
}

function wrap(path: readonly DescField[], inner: Uint8Array): Uint8Array {
  return path.reduceRight((bytes, field) => delimited(field.number, bytes), inner);
}

function delimited(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([tag(number, 2), varint(bytes.length), bytes]);
}

function tag(number: number, wireType: number): Uint8Array {
  return varint(number * 8 + wireType);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.of(...bytes, rest);
}
