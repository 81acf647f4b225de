// @ts-check
// Who takes part in the co-pilot's benchmark, and how each is called.
import path from "node:path";
import { checkFile, checkTree } from "../storage/fill.mjs";
import { empty, env, node } from "../storage/participants.mjs";
import { download, sidecar } from "./documents.mjs";

/** @typedef {import("../../tools/bench/rounds.mjs").Participant} Participant */
/** @typedef {{ files: number, bytes: number, perFolder: number }} TreeShape */

/**
 * @typedef {object} CopilotScene
 * @property {import("../storage/participants.mjs").Scene} scene what it shares with the storage benchmark
 * @property {string} outputs folder with the large file as `x`
 * @property {{ folder: string, shape: TreeShape, get: string, put: string }} tree `folder` holds it as `x`; `get` and
 *   `put` are lists of curl
 * @property {number} smallBytes
 * @property {string} nothing path of a program that does nothing
 */

/**
 * @param {CopilotScene} copilot
 * @returns {Participant[]}
 */
export function participants(copilot) {
  return [...large(copilot), ...tree(copilot), ...many(copilot), ...cold(copilot)];
}

/** @param {CopilotScene} copilot @returns {Participant[]} */
function large({ scene, outputs }) {
  const { output, objectBytes, endpoints, identity, programs, object } = scene;
  const web = { endpoint: endpoints.web, identity };
  const sink = { endpoint: endpoints.sink, identity };
  const file = path.join(output, "x");
  const into = { before: () => empty(output), after: () => checkFile(file, objectBytes) };
  const places = { from: "s3://bench/object.pb", reports: "s3://reports/get", into: output };
  const published = { from: outputs, to: "s3://bench/put", dimensionality: /** @type {const} */ (0) };
  return [
    { name: "get", command: download(web, places), ...into },
    { name: "curl", command: [programs.curl, "-sf", "-o", file, `${endpoints.web}/bench/object`], ...into },
    { name: "put", command: sidecar(sink, published) },
    { name: "curl put", command: [programs.curl, "-sf", "-T", object, `${endpoints.sink}/bench/object`] },
  ];
}

/** @param {CopilotScene} copilot @returns {Participant[]} */
function tree({ scene, tree: { folder, shape, get, put } }) {
  const { output, treeBucket, programs } = scene;
  const gateway = { endpoint: scene.endpoints.gateway, identity: scene.identity };
  const into = { before: () => empty(output), after: () => checkTree(path.join(output, "x"), shape) };
  const bucket = `s3://${treeBucket}`;
  const places = { from: `${bucket}/small-tree.pb`, reports: `${bucket}/reports`, into: output };
  const published = { from: folder, to: `${bucket}/up`, dimensionality: /** @type {const} */ (1) };
  const curl = [programs.curl, "-sf", "--create-dirs", "-K"];
  return [
    { name: "tree", command: download(gateway, places), ...into },
    { name: "curl tree", command: [...curl, get], ...into },
    { name: "tree up", command: sidecar(gateway, published) },
    { name: "curl tree up", command: [...curl, put] },
  ];
}

/** @param {CopilotScene} copilot @returns {Participant[]} */
function many({ scene }) {
  const { output, treeBucket, treeShape, tree: source, programs } = scene;
  const gateway = { endpoint: scene.endpoints.gateway, identity: scene.identity };
  const variables = env(scene, scene.endpoints.gateway);
  const folder = path.join(output, "x");
  const into = { before: () => empty(output), after: () => checkTree(folder, treeShape) };
  const bucket = `s3://${treeBucket}`;
  const places = { from: `${bucket}/tree.pb`, reports: `${bucket}/reports`, into: output };
  return [
    { name: "many", command: download(gateway, places), ...into },
    {
      name: "go many",
      command: [path.join(programs.go, "s3-tree"), treeBucket, "tree/", folder],
      env: variables,
      ...into,
    },
    { name: "js many", command: node(scene, "peers/sdk-tree", treeBucket, "tree/", folder), env: variables, ...into },
    { name: "cp", command: ["cp", "-r", source, folder], ...into },
  ];
}

/** @param {CopilotScene} copilot @returns {Participant[]} */
function cold({ scene, smallBytes, nothing }) {
  const { output, treeBucket } = scene;
  const gateway = { endpoint: scene.endpoints.gateway, identity: scene.identity };
  const file = path.join(output, "x");
  const into = { before: () => empty(output), after: () => checkFile(file, smallBytes) };
  const bucket = `s3://${treeBucket}`;
  const places = { from: `${bucket}/small.pb`, reports: `${bucket}/reports`, into: output };
  return [
    { name: "cold", command: download(gateway, places), ...into },
    { name: "node", command: [process.execPath, nothing] },
    {
      name: "js cold",
      command: node(scene, "peers/sdk-get", treeBucket, "small", file),
      env: env(scene, scene.endpoints.gateway),
      ...into,
    },
  ];
}

/**
 * The list by which curl moves each file of a tree, signed as ours are.
 * @param {import("../storage/participants.mjs").Scene} scene
 * @param {TreeShape} shape
 * @param {(inner: string, url: string) => readonly string[]} entry lines for one file
 * @returns {string}
 */
export function curlList({ identity, treeBucket, endpoints }, { files, perFolder }, entry) {
  const { accessKeyId, secretAccessKey, region } = identity;
  const lines = [
    `aws-sigv4 = "aws:amz:${region}:s3"`,
    `user = "${accessKeyId}:${secretAccessKey}"`,
    // curl hashes no file that it uploads and sends no checksum; ours does both for files up to 1 MiB over plain http.
    'header = "x-amz-content-sha256: UNSIGNED-PAYLOAD"',
  ];
  for (let index = 0; index < files; index++) {
    const inner = `f${Math.floor(index / perFolder)}/${index}.bin`;
    lines.push(...entry(inner, `${endpoints.gateway}/${treeBucket}`));
  }
  return `${lines.join("\n")}\n`;
}
