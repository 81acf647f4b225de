import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { ErrorDocumentSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { TypedInterfaceSchema, VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readyDescriptors } from "../bundle/ready-descriptors.mjs";

const packageFolder = path.join(import.meta.dirname, "..");
const from = "@flyte-dataplane/proto/flyteidl2/core";

/** @returns what esbuild makes of `contents` with the bundle's descriptors */
function bundled(contents: string): ReturnType<typeof build> {
  const stdin = { contents, resolveDir: packageFolder };
  const options = { bundle: true, format: "esm", write: false, logLevel: "silent" } as const;
  return build({ stdin, ...options, platform: "node", plugins: [readyDescriptors] });
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ready-descriptors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All that `message` leads to, by type name, without what no reader or writer of messages looks at. */
function reached(message: DescMessage): ReadonlyMap<string, unknown> {
  const seen = new Map<string, unknown>();
  const visitEnum = ({ typeName, open, sharedPrefix, values }: DescEnum): void => {
    seen.set(typeName, {
      open,
      sharedPrefix,
      values: values.map(({ name, localName, number }) => [name, localName, number]),
    });
  };
  const visit = (type: DescMessage): void => {
    if (seen.has(type.typeName)) return;
    const members = type.members.map(({ kind, localName }) => [kind, localName]);
    const oneofs = type.oneofs.map(({ name, localName, fields }) => [
      name,
      localName,
      fields.map((field) => field.name),
    ]);
    seen.set(type.typeName, {
      file: type.file.name,
      edition: type.file.edition,
      members,
      oneofs,
      fields: type.fields.map(plain),
    });
    for (const field of type.fields) {
      if (field.message !== undefined) visit(field.message);
      if (field.enum !== undefined) visitEnum(field.enum);
    }
  };
  visit(message);
  return seen;
}

/** With names in place of other descriptors. */
function plain({ proto: _proto, parent, oneof, message, enum: type, ...rest }: DescField): object {
  const { toString: _text, ...values } = rest;
  const names = { parent: parent.typeName, oneof: oneof?.name, message: message?.typeName, enum: type?.typeName };
  // Of this syntax there are no defaults to tell.
  return { ...values, ...names, getDefaultValue: undefined };
}

describe("the bundle's descriptors", () => {
  it("say of each message that the program reads or writes what the generated ones say", async () => {
    const file = path.join(folder, "schemas.mjs");
    const { outputFiles } = await bundled(`
      export { LiteralMapSchema } from "${from}/literals";
      export { TypedInterfaceSchema, VariableMapSchema } from "${from}/interface";
      export { ErrorDocumentSchema } from "${from}/execution";`);
    await writeFile(file, outputFiles?.[0]?.contents ?? "");
    const ready = (await import(pathToFileURL(file).href)) as Readonly<Record<string, DescMessage>>;
    const generated = { LiteralMapSchema, TypedInterfaceSchema, VariableMapSchema, ErrorDocumentSchema };
    expect(Object.keys(ready).sort()).toEqual(Object.keys(generated).sort());
    for (const [name, schema] of Object.entries(generated)) {
      const found = ready[name];
      expect(found === undefined ? undefined : reached(found)).toEqual(reached(schema));
    }
  });

  it("are not built for a program that uses another message", async () => {
    const other = `import { BindingSchema } from "${from}/literals"; console.log(BindingSchema);`;
    await expect(bundled(other)).rejects.toThrow("not among the roots");
  });

  it("do not hold the descriptors of descriptors", async () => {
    const { outputFiles } = await bundled(`export { LiteralMapSchema } from "${from}/literals";`);
    const text = outputFiles?.[0]?.text ?? "";
    expect(text).toContain("LiteralMap");
    expect(text).not.toContain("UninterpretedOption");
  });
});
