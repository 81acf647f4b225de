import {
  type Clock,
  DataPlaneError,
  decodeLiteralMap,
  encodeErrorDocument,
  failureOf,
  inputDownloadFailed,
} from "@flyte-dataplane/core";
import { createStores, type Stores, writeObject } from "@flyte-dataplane/storage";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { FuzzFolder } from "../test/fuzz-folder.ts";
import { below, offloaded, oneOf, type Random, randomMessage } from "../test/random-literals.ts";
import { download } from "./download.ts";
import { Tally } from "./tally.ts";

const objects = ["data/file.txt", "data/1_file.txt", "data/sub/x", "tree/a", "tree/a.b/c", "tree/é"];
const most = 1024 * 1024;
let prepared: Promise<Stores> | undefined;
let folder: FuzzFolder | undefined;

/** Nobody waits: addresses where nobody listens are tried again at once. */
let nowMs = 1_700_000_000_000;
const clock: Clock = {
  now: () => nowMs,
  sleep: async (ms) => {
    nowMs += ms;
    await Promise.resolve();
  },
};

async function prepare(): Promise<Stores> {
  const stores = createStores({ clock, network: { env: {}, writes: "sync" } });
  for (const [key, literal] of Object.entries(offloaded)) await writeObject(stores, `mem://b/${key}`, literal);
  for (const key of objects) await writeObject(stores, `mem://b/${key}`, new TextEncoder().encode(`of ${key}`));
  return stores;
}

export const fuzzTarget: FuzzTarget = {
  name: "copilot-download",
  subject: "copilot/src/download.ts",
  further: [
    "copilot/src/download/materialize.ts",
    "copilot/src/download/fetch.ts",
    "copilot/src/download/list-trees.ts",
    "copilot/src/download/stage-texts.ts",
    "copilot/src/download/describe.ts",
  ],
  generate: (random: Random) =>
    Uint8Array.from([below(random, 64), oneOf(random, [0, 0, 0, 1, 2]), ...randomMessage(random)]),
  run: async (input) => {
    prepared ??= prepare();
    const stores = await prepared;
    folder ??= new FuzzFolder();
    const [choice = 0, format = 0] = input;
    folder.clear();
    await writeObject(stores, "mem://b/inputs.pb", input.subarray(2));
    try {
      await download({
        stores,
        clock,
        tally: new Tally(false),
        locate: (uri) => uri,
        fromRemote: "mem://b/inputs.pb",
        toLocalDir: folder.target,
        format: (["JSON", "YAML", "PROTO"] as const)[format] ?? "JSON",
        namedFolders: (choice & 1) !== 0,
        remoteBlobs: (choice & 6) === 6,
        optionalFiles: (choice & 8) === 0 ? "ABSENT" : "EMPTY",
        decodeMsgpack: (choice & 16) !== 0,
        verify: (choice & 32) === 0 ? "checksums" : "known",
        maxBytes: most,
      });
      decodeLiteralMap(folder.read("inputs.pb"), "inputs.pb");
      if (format === 0) JSON.parse(new TextDecoder().decode(folder.read("inputs.json")));
      return "accepted";
    } catch (error) {
      if (!(error instanceof DataPlaneError)) throw error;
      encodeErrorDocument(failureOf(inputDownloadFailed, error));
      if (folder.has("inputs.pb")) throw new Error("told of inputs that failed", { cause: error });
      return "rejected";
    } finally {
      folder.check();
    }
  },
  close: () => folder?.remove(),
};
