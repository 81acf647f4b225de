// @ts-check
// What the program does while V8 compiles it: the commands that each task starts, on small data of a store.
import { Buffer } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { startTrialStore } from "./trial-store.mjs";

/** Of one file there is nothing in pieces, nothing listed: all that is compiled is read at each start. */
const fileBytes = 4096;
/** What depends on which of two events comes first has then mostly been either way, which makes equal builds equal. */
const times = 2;

/**
 * @param {string} scratch an empty folder
 * @returns {Promise<{ runs: string[][], close: () => void }>}
 */
export async function trialRuns(scratch) {
  const { endpoint, close } = await startTrialStore({
    "/data/inputs.pb": inputs("s3://data/file"),
    "/data/file": new Uint8Array(fileBytes),
  });
  const [into, from] = [path.join(scratch, "inputs"), path.join(scratch, "outputs")];
  mkdirSync(into);
  mkdirSync(from);
  writeFileSync(path.join(from, "x"), new Uint8Array(fileBytes));
  const pairs = { access_key_id: "trial", auth_type: "accesskey", endpoint, region: "us-east-1", secret_key: "trial" };
  const settings = [
    "--storage.limits.maxDownloadMBs=0",
    "--storage.enable-multicontainer",
    "--storage.container=data",
    "--storage.type=stow",
    "--storage.stow.kind=s3",
    ...Object.entries(pairs).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
  ];
  const prefix = ["--to-output-prefix", "s3://data/of-task"];
  const remote = ["--from-remote", "s3://data/inputs.pb"];
  const download = ["download", ...prefix, ...remote, "--to-local-dir", into, "--strict-exit"];
  const declaration = ["--to-raw-output", "s3://data/raw", "--interface", declared()];
  const sidecar = ["sidecar", ...prefix, ...declaration, "--from-local-dir", from];
  const once = [
    [...settings, ...download],
    [...settings, ...sidecar],
  ];
  return {
    runs: Array.from({ length: times }, () => once).flat(),
    close,
  };
}

/** @param {string} uri of a file @returns {Uint8Array} an inputs message with one variable, `x` */
function inputs(uri) {
  const value = { uri, metadata: { type: { dimensionality: 0 } } };
  const x = { value: { case: "scalar", value: { value: { case: "blob", value } } } };
  return toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { x: /** @type {never} */ (x) } }));
}

/** @returns {string} an interface with one output, the file `x` */
function declared() {
  const type = { type: { case: "blob", value: { dimensionality: 0 } } };
  const outputs = { variables: [{ key: "x", value: { type: /** @type {never} */ (type) } }] };
  return Buffer.from(toBinary(TypedInterfaceSchema, create(TypedInterfaceSchema, { outputs }))).toString("base64");
}
