import { DataPlaneError, decodeLiteral } from "@flyte-dataplane/core";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { below, type Random, randomMessage } from "../../test/random-literals.ts";
import { InputsMessage } from "./inputs-message.ts";
import { layOut, placeInput } from "./layout.ts";
import type { LayoutOptions } from "./places.ts";

const folder = "/var/inputs";
/** As the co-pilot's own message, which is bounded elsewhere, it would be far shorter. */
const longestMessage = 1_000_000;

/** Ways to lay out; the first byte of the input chooses. */
function optionsOf(choice: number): LayoutOptions {
  return {
    folder,
    namedFolders: (choice & 1) !== 0,
    remoteBlobs: (choice & 6) === 6,
    optionalFiles: (choice & 8) === 0 ? "ABSENT" : "EMPTY",
    decodeMsgpack: (choice & 16) !== 0,
  };
}

export const fuzzTarget: FuzzTarget = {
  name: "copilot-layout",
  subject: "copilot/src/download/layout.ts",
  further: [
    "copilot/src/download/inputs-message.ts",
    "copilot/src/download/open-literal.ts",
    "copilot/src/download/packed-items.ts",
    "copilot/src/download/base-names.ts",
    "copilot/src/download/plain-value.ts",
    "copilot/src/variable-names.ts",
  ],
  generate: (random: Random) => Uint8Array.from([below(random, 32), ...randomMessage(random)]),
  run: (input) => {
    try {
      const options = optionsOf(input[0] ?? 0);
      check(new InputsMessage(input.subarray(1), "inputs.pb"), options);
      return "accepted";
    } catch (error) {
      if (!(error instanceof DataPlaneError) || error.code === "internal") throw error;
      if (error.message.length > longestMessage) throw new Error("a message without bounds", { cause: error });
      return "rejected";
    }
  },
};

/** Everything lies below the folder, and no file takes another one's place. */
function check(inputs: InputsMessage, options: LayoutOptions): void {
  const layout = layOut(inputs, options);
  const files = new Set<string>();
  const folders = new Set(layout.folders);
  const claim = (file: string): void => {
    if (files.has(file)) throw new Error(`two files at ${file}`);
    files.add(file);
  };
  for (const blob of layout.blobs) {
    if (blob.multipart) {
      if (!folders.has(blob.path)) throw new Error(`no folder for ${blob.path}`);
    } else claim(blob.path);
  }
  let bytes = 0;
  for (const name of inputs.names) {
    const texts = placeInput(name, inputs.literal(name), options);
    let step = texts.next();
    for (; step.done !== true; step = texts.next()) {
      claim(step.value.file);
      bytes += step.value.bytes.byteLength;
    }
    const literal = decodeLiteral(step.value.literal, name);
    JSON.stringify(literal, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
  }
  if (bytes !== layout.textBytes) throw new Error("texts were counted wrong");
  for (const file of [...files, ...folders]) {
    const segments = file.slice(folder.length + 1).split("/");
    if (!file.startsWith(`${folder}/`) || segments.some((name) => ["", ".", ".."].includes(name))) {
      throw new Error(`${file} leaves the folder`);
    }
  }
  for (const file of files) {
    if (folders.has(file)) throw new Error(`${file} is a file and a folder`);
    if (/^\/var\/inputs\/(inputs\.(pb|json|yaml)|_ERROR)$/.test(file)) throw new Error(`${file} is reserved`);
  }
}
