// @ts-check
// Descriptors as the program needs them: only those of the messages it asks for, and ready to be used, where generated
// code would first read the descriptors of descriptors to read them. See docs/decisions/0020-start-of-copilot.md.
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packEnum, packMessage } from "./pack-descriptor.mjs";

/** @typedef {import("@bufbuild/protobuf").DescFile} DescFile */
/** @typedef {import("@bufbuild/protobuf").DescMessage} DescMessage */
/** @typedef {import("@bufbuild/protobuf").DescEnum} DescEnum */

const here = path.dirname(fileURLToPath(import.meta.url));
const generated = path.join(here, "..", "..", "proto", "gen");
const library = path.join(path.dirname(fileURLToPath(import.meta.resolve("@bufbuild/protobuf/wkt"))), "..");
const wellKnown = path.join(library, "wkt", "gen");
/** What generated code imports for its effect on all text. */
const textEncoding = path.join(generated, "..", "text-encoding.js");
const packedFile = path.join(here, "..", "src", "packed-file.ts");

/** What the program reads and writes. Each brings along what its fields hold; a program that uses another is not built. */
const roots = [
  ["core/literals", "LiteralMap"],
  ["core/interface", "TypedInterface"],
  ["core/execution", "ErrorDocument"],
];

/** Stands for what is left out of a module, so that only who uses it finds that there is nothing: see `refuseLeftOut`. */
const leftOut = "left-out";

/** @type {import("esbuild").Plugin} */
export const readyDescriptors = {
  name: "ready-descriptors",
  async setup({ initialOptions, onEnd, onLoad, onResolve }) {
    initialOptions.metafile = true;
    const used = await reachable();
    onResolve({ filter: /^left-out$/ }, ({ importer }) => ({ path: importer, namespace: leftOut, sideEffects: false }));
    onLoad({ filter: /./, namespace: leftOut }, async ({ path: file }) => {
      const names = Object.keys(await import(pathToFileURL(file).href));
      return { contents: `let none; export { ${names.map((name) => `none as ${name}`).join()} };` };
    });
    onEnd(({ metafile }) => ({ errors: Object.values(metafile?.outputs ?? {}).flatMap(refuseLeftOut) }));
    onLoad({ filter: /_pb\.js$/ }, async ({ path: file }) => {
      const exports = await import(pathToFileURL(file).href);
      return { contents: moduleOf(exports, used), resolveDir: here };
    });
  },
};

/**
 * @param {import("esbuild").Metafile["outputs"][string]} output
 * @returns {import("esbuild").PartialMessage[]} one for each module of which something is used that was left out
 */
function refuseLeftOut({ inputs }) {
  const used = Object.keys(inputs).filter((input) => input.startsWith(`${leftOut}:`));
  return used.map((input) => ({ text: `uses a message that is not among the roots, of ${input}` }));
}

/** @returns {Promise<ReadonlySet<DescMessage | DescEnum>>} the roots, all that their fields hold, and what these are in */
async function reachable() {
  /** @type {Set<DescMessage | DescEnum>} */
  const found = new Set();
  /** @param {DescMessage | DescEnum | undefined} type */
  const visit = (type) => {
    if (type === undefined || found.has(type)) return;
    found.add(type);
    visit(type.parent);
    if (type.kind === "enum") return;
    for (const field of type.fields) {
      visit(field.enum);
      visit(field.message);
    }
  };
  for (const [file, name] of roots) {
    const exports = await import(pathToFileURL(path.join(generated, "flyteidl2", `${file}_pb.js`)).href);
    visit(exports[`${name}Schema`]);
  }
  return found;
}

/**
 * @param {Readonly<Record<string, unknown>>} exports of a generated module
 * @param {ReadonlySet<DescMessage | DescEnum>} used
 * @returns {string} the module that takes its place
 */
function moduleOf(exports, used) {
  const types = Object.entries(exports).flatMap(([name, type]) => (isUsed(type, used) ? [{ name, type }] : []));
  const file = types[0]?.type.file;
  const kept = new Set(types.flatMap(({ name }) => [name, name.replace(/Schema$/, "")]));
  const left = Object.keys(exports).filter((name) => !kept.has(name));
  if (file === undefined) return `export { ${left.join()} } from "${leftOut}";`;
  const others = new Set(types.flatMap(({ type }) => (type.kind === "enum" ? [] : filesOf(type))));
  others.delete(file);
  const packed = [
    file.proto.name,
    file.proto.package,
    file.messages.filter((message) => used.has(message)).map((message) => packMessage(message, used)),
    file.enums.filter((type) => used.has(type)).map(packEnum),
  ];
  // Whole packages would load each other in a circle: their own descriptors are made here too.
  const lines = [
    `import { messageDesc } from ${JSON.stringify(path.join(library, "codegenv2", "message.js"))};`,
    `import { enumDesc } from ${JSON.stringify(path.join(library, "codegenv2", "enum.js"))};`,
    `import { createFileRegistry } from ${JSON.stringify(path.join(library, "registry.js"))};`,
    `import { unpackFile } from ${JSON.stringify(packedFile)};`,
    ...[...others].map((other) => `import { ${nameOf(other)} } from ${JSON.stringify(moduleFile(other))};`),
    `const others = [${[...others].map(nameOf).join()}];`,
    `const proto = unpackFile(${JSON.stringify(packed)}, others.map((other) => other.proto.name));`,
    "const registry = createFileRegistry(proto, (name) => others.find((other) => other.proto.name === name));",
    `export const ${nameOf(file)} = registry.getFile(proto.name);`,
  ];
  if (!isWellKnown(file)) lines.unshift(`import ${JSON.stringify(textEncoding)};`);
  lines.push(`export { ${left.filter((name) => name !== nameOf(file)).join()} } from "${leftOut}";`);
  for (const { name, type } of types) {
    const place = [nameOf(file), ...placeOf(type, used)].join();
    lines.push(`export const ${name} = ${type.kind}Desc(${place});`);
    const values = name.replace(/Schema$/, "");
    if (type.kind === "enum") lines.push(`export const ${values} = ${JSON.stringify(exports[values])};`);
  }
  return lines.join("\n");
}

/**
 * @param {unknown} value
 * @param {ReadonlySet<unknown>} used
 * @returns {value is DescMessage | DescEnum}
 */
function isUsed(value, used) {
  return used.has(value);
}

/** @param {DescMessage} message @returns {DescFile[]} those of what its fields hold */
function filesOf({ fields }) {
  return fields.flatMap((field) => [field.message, field.enum].flatMap((held) => (held ? [held.file] : [])));
}

/** @param {DescFile} file */
const nameOf = ({ name }) => `file_${name.replaceAll(/\W/g, "_")}`;

/** @param {DescFile} file */
const isWellKnown = ({ name }) => name.startsWith("google/protobuf/");

/** @param {DescFile} file */
const moduleFile = (file) => path.join(isWellKnown(file) ? wellKnown : generated, `${file.name}_pb.js`);

/**
 * @param {DescMessage | DescEnum} type
 * @param {ReadonlySet<DescMessage | DescEnum>} used
 * @returns {number[]} the places of its parents, outermost first, and its own: each among what is left of its siblings
 */
function placeOf(type, used) {
  const { parent, file } = type;
  const siblings =
    type.kind === "enum" ? (parent?.nestedEnums ?? file.enums) : (parent?.nestedMessages ?? file.messages);
  const place = [...siblings].filter((sibling) => used.has(sibling)).indexOf(type);
  return parent === undefined ? [place] : [...placeOf(parent, used), place];
}
