import {
  copilotErrorFile,
  DataPlaneError,
  decodeLiteralMap,
  encodeErrorDocument,
  failureOf,
  outputsFile,
  outputUploadFailed,
} from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { createStores, readObject, type Stores, statObject, writeObject } from "@flyte-dataplane/storage";
import type { FuzzTarget } from "@flyte-dataplane/test-support";
import { FuzzFolder, secret } from "../test/fuzz-folder.ts";
import { leave } from "../test/left-entry.ts";
import { type LeftOutputs, randomOutputs } from "../test/random-outputs.ts";
import { systemClock } from "./clock.ts";
import { Tally } from "./tally.ts";
import { declaredOutputs } from "./upload/declared-outputs.ts";
import { upload } from "./upload.ts";

let folder: FuzzFolder | undefined;

export const fuzzTarget: FuzzTarget = {
  name: "copilot-upload",
  subject: "copilot/src/upload.ts",
  further: [
    "copilot/src/upload/collect.ts",
    "copilot/src/upload/read-output.ts",
    "copilot/src/upload/output-folder.ts",
    "copilot/src/upload/store-data.ts",
    "copilot/src/upload/publish.ts",
    "copilot/src/upload/task-error.ts",
    "copilot/src/upload/choose-variant.ts",
    "copilot/src/upload/json-value.ts",
  ],
  generate: (random) => new TextEncoder().encode(JSON.stringify(randomOutputs(random))),
  run: async (input) => {
    folder ??= new FuzzFolder();
    const left = JSON.parse(new TextDecoder().decode(input)) as LeftOutputs;
    folder.clear();
    leave(folder.target, left.entries, folder.pipe);
    const stores = createStores({ clock: systemClock, network: { env: {}, writes: "sync" } });
    try {
      return await publishAll(stores, left, folder.target);
    } finally {
      folder.check();
      await stores.close();
    }
  },
  close: () => folder?.remove(),
};

async function publishAll(
  stores: Stores,
  { declared, inputs }: LeftOutputs,
  target: string,
): Promise<"accepted" | "rejected"> {
  const outputs = "mem://b/run/outputs.pb";
  if (inputs === "failed") await writeObject(stores, "mem://b/run/error.pb", new Uint8Array());
  try {
    const variables = declaredOutputs(Uint8Array.from(declared));
    const failure = await upload({
      stores,
      clock: systemClock,
      tally: new Tally(false),
      errorName: copilotErrorFile,
      outputPrefix: "mem://b/run",
      metaOutputName: outputsFile,
      fromLocalDir: target,
      toRawOutput: "mem://b/raw",
      locate: (uri) => uri,
      maxSimpleBytes: 1024,
      variables,
      hasInputs: inputs !== "none",
      primaryStatusFile: "",
    });
    if (failure !== undefined) encodeErrorDocument(failure);
    const isThere = (await statObject(stores, outputs)) !== undefined;
    if (isThere === (failure !== undefined)) throw new Error("outputs or a failure, never both or none");
    if (failure?.message.includes(secret) === true) throw new Error("a failure tells of another's file");
    if (!isThere) return "rejected";
    if (inputs === "failed") throw new Error("outputs of a task without its inputs");
    const { literals } = decodeLiteralMap(await readObject(stores, outputs, { maxBytes: 1 << 24 }), outputs);
    const names = [...variables.keys()].sort((a, b) => a.localeCompare(b)).join();
    if (
      Object.keys(literals)
        .sort((a, b) => a.localeCompare(b))
        .join() !== names
    )
      throw new Error("variables were lost");
    for (const literal of Object.values(literals)) await checkData(stores, literal);
    return "accepted";
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    encodeErrorDocument(failureOf(outputUploadFailed, error));
    if ((await statObject(stores, outputs)) !== undefined) throw new Error("outputs of a failure", { cause: error });
    return "rejected";
  } finally {
    await checkObjects(stores);
  }
}

/** What is announced is there. */
async function checkData(stores: Stores, { value }: Literal): Promise<void> {
  if (value.case !== "scalar" || value.value.value.case !== "blob") return;
  const { uri, metadata } = value.value.value.value;
  if (metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART) return;
  if ((await statObject(stores, uri)) === undefined) throw new Error(`announced, and not there: ${uri}`);
}

/** Data goes where it was told to go, and nothing of it was read from outside. */
async function checkObjects(stores: Stores): Promise<void> {
  const bucket = await stores.bucket({ scheme: "mem", bucket: "b", key: "" });
  for await (const { key } of bucket.list("")) {
    if (!/^(?:raw\/(?:x|y|z)(?:\/|$)|run\/(?:outputs|error)\.pb$)/.test(key)) throw new Error(`an object at ${key}`);
    const content = new TextDecoder().decode(await bucket.read(key, { maxBytes: 1 << 24 }));
    if (content.includes(secret) || content.includes("root:")) throw new Error(`${key} holds another's file`);
  }
}
