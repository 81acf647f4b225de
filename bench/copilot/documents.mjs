// @ts-check
// What a co-pilot is told: inputs that lie at a store, outputs that a task declares, and where everything is.
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";

const bundle = fileURLToPath(new URL("../../copilot/dist/packed/flyte-copilot.cjs", import.meta.url));

/** As images and the manager start it: an option of V8's would cost it what is compiled. */
const command = [process.execPath, bundle];

/** @typedef {0 | 1} Dimensionality of a file, of a folder */

/**
 * @param {string} uri
 * @param {Dimensionality} dimensionality
 * @returns {Uint8Array} an inputs message with one variable, `x`
 */
export function inputs(uri, dimensionality) {
  const value = { uri, metadata: { type: { dimensionality } } };
  const x = { value: { case: "scalar", value: { value: { case: "blob", value } } } };
  return toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals: { x: /** @type {never} */ (x) } }));
}

/**
 * @typedef {object} Store
 * @property {string} endpoint
 * @property {{ accessKeyId: string, secretAccessKey: string, region: string }} identity
 */

/**
 * Stages `x` as `into`/x.
 * @param {Store} store
 * @param {{ from: string, reports: string, into: string }} places `from` is the URI of the inputs message
 * @returns {string[]}
 */
export function download(store, { from, reports, into }) {
  const places = ["--from-remote", from, "--to-output-prefix", reports, "--to-local-dir", into];
  return [...command, ...settings(store), "download", ...places, "--strict-exit"];
}

/**
 * Publishes `from`/x.
 * @param {Store} store
 * @param {{ from: string, to: string, dimensionality: Dimensionality }} places `to` is the URI of a folder
 * @returns {string[]}
 */
export function sidecar(store, { from, to, dimensionality }) {
  const type = { type: { case: "blob", value: { dimensionality } } };
  const outputs = { variables: [{ key: "x", value: { type: /** @type {never} */ (type) } }] };
  const declared = toBinary(TypedInterfaceSchema, create(TypedInterfaceSchema, { outputs }));
  const places = ["--to-raw-output", `${to}/raw`, "--to-output-prefix", to, "--from-local-dir", from];
  const words = ["--start-watcher-type", "noop", "--interface", Buffer.from(declared).toString("base64")];
  return [...command, ...settings(store), "sidecar", ...places, ...words];
}

/**
 * @param {Store} store
 * @returns {string[]} in an executor's own words
 */
function settings({ endpoint, identity }) {
  const pairs = {
    access_key_id: identity.accessKeyId,
    auth_type: "accesskey",
    endpoint,
    region: identity.region,
    secret_key: identity.secretAccessKey,
  };
  return [
    "--storage.limits.maxDownloadMBs=0",
    "--storage.enable-multicontainer",
    "--storage.container=bench",
    "--storage.type=stow",
    "--storage.stow.kind=s3",
    ...Object.entries(pairs).flatMap(([key, value]) => ["--storage.stow.config", `${key}=${value}`]),
  ];
}
