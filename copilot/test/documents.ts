import { Buffer } from "node:buffer";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  decodeErrorDocument,
  decodeLiteralMap,
  fromPlain,
  type PlainLiteral,
  type TaskFailure,
  toPlain,
} from "@flyte-dataplane/core";
import { TypedInterfaceSchema, type VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { type Literal, LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type LiteralTypeSchema, SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";

export type Type = MessageInitShape<typeof LiteralTypeSchema>;

/** Stores an inputs message in `folder` and gives its path. */
export async function writeInputs(
  folder: string,
  inputs: Readonly<Record<string, PlainLiteral | Literal>>,
): Promise<string> {
  const literals = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, "kind" in value ? fromPlain(value) : value]),
  );
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "inputs.pb");
  await writeFile(file, toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals })));
  return file;
}

export async function readLiterals(file: string): Promise<Readonly<Record<string, Literal>>> {
  return decodeLiteralMap(await readFile(file), file).literals;
}

/** The literals of a message as plain values. */
export async function readPlain(file: string): Promise<Readonly<Record<string, PlainLiteral>>> {
  return Object.fromEntries(
    Object.entries(await readLiterals(file)).map(([name, literal]) => [name, toPlain(literal)]),
  );
}

/** The error document in a folder, under the name that the controller reads; undefined if there is none. */
export async function readError(folder: string, name = "error.pb"): Promise<TaskFailure | undefined> {
  const bytes = await readFile(path.join(folder, name)).catch(() => undefined);
  return bytes === undefined ? undefined : decodeErrorDocument(bytes, name);
}

/** base64 of a TypedInterface with these outputs, and perhaps inputs. */
export function outputsOf(types: Readonly<Record<string, Type>>, inputs: Readonly<Record<string, Type>> = {}): string {
  const mapOfAll = (all: Readonly<Record<string, Type>>): MessageInitShape<typeof VariableMapSchema> => ({
    variables: Object.entries(all).map(([key, type]) => ({ key, value: { type } })),
  });
  const message = create(TypedInterfaceSchema, { inputs: mapOfAll(inputs), outputs: mapOfAll(types) });
  return Buffer.from(toBinary(TypedInterfaceSchema, message)).toString("base64");
}

export const simple = (type: keyof typeof SimpleType): Type => ({ type: { case: "simple", value: SimpleType[type] } });
/** A file or a folder of files. */
export const blob = (dimensionality: 0 | 1, format = ""): Type => ({
  type: { case: "blob", value: { dimensionality, format } },
});

export const listOf = (value: Type): Type => ({ type: { case: "collectionType", value } });
export const mapOf = (value: Type): Type => ({ type: { case: "mapValueType", value } });
export const unionOf = (...variants: Type[]): Type => ({ type: { case: "unionType", value: { variants } } });
export const optional = (type: Type): Type => unionOf(type, simple("NONE"));

/** Writes files below `folder`, named by their keys, with folders made. */
export async function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
}

/** Every file below `folder` with its text; folders without files end in a slash. */
export async function readTree(folder: string): Promise<Readonly<Record<string, string>>> {
  const tree: Record<string, string> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name));
    if (entry.isDirectory()) {
      if ((await readdir(path.join(folder, name))).length === 0) tree[`${name}/`] = "";
    } else {
      tree[name] = await readFile(path.join(folder, name), "utf8");
    }
  }
  return tree;
}
