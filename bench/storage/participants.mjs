// @ts-check
// Who takes part in the storage benchmark, and how each is called.
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { checkFile, checkTree } from "./fill.mjs";

/** @typedef {import("../../tools/bench/rounds.mjs").Participant} Participant */

/**
 * @typedef {object} Scene
 * @property {string} output a folder that is empty before each run
 * @property {string} object path of the large object
 * @property {number} objectBytes
 * @property {string} tree a local folder, the same as the bucket's prefix `tree/`
 * @property {{ files: number, bytes: number }} treeShape
 * @property {string} treeBucket
 * @property {{ web: string, webTls: string, sink: string, sinkTls: string, gateway: string }} endpoints
 * @property {{ accessKeyId: string, secretAccessKey: string, region: string }} identity
 * @property {string} certificate
 * @property {string} home a folder without settings of anybody
 * @property {{ curl: string, go: string, js: string }} programs `go` is the folder of ours in Go, `js` of those in JavaScript
 * @property {{ ours: number, js: number, hash: number }} presigns
 */

/**
 * @param {Scene} scene
 * @returns {Participant[]}
 */
export function participants(scene) {
  return [...gets(scene), ...puts(scene), ...trees(scene), ...presigners(scene)];
}

/** @param {Scene} scene @returns {Participant[]} */
function gets(scene) {
  const { object, objectBytes, endpoints, programs } = scene;
  const file = path.join(scene.output, "object");
  const into = { before: () => empty(scene.output), after: () => checkFile(file, objectBytes) };
  const web = env(scene, endpoints.web);
  const webTls = env(scene, endpoints.webTls);
  return [
    { name: "get", command: node(scene, "ours/get", "bench", "object", file), env: web, ...into },
    { name: "curl", command: [programs.curl, "-sf", "-o", file, `${endpoints.web}/bench/object`], ...into },
    { name: "get whole", command: node(scene, "ours/get", "bench", "object", file, "whole"), env: web, ...into },
    { name: "dd", command: ["dd", `if=${object}`, `of=${file}`, "bs=1M", "status=none"], ...into },
    { name: "go", command: [path.join(programs.go, "get"), `${endpoints.web}/bench/object`, file], ...into },
    { name: "js", command: node(scene, "peers/sdk-get", "bench", "object", file), env: web, ...into },
    { name: "get tls", command: node(scene, "ours/get", "bench", "object", file), env: webTls, ...into },
    { name: "curl tls", command: [programs.curl, "-skf", "-o", file, `${endpoints.webTls}/bench/object`], ...into },
    { name: "get checked", command: node(scene, "ours/get", "checked", "object", file), env: web, ...into },
  ];
}

/** @param {Scene} scene @returns {Participant[]} */
function puts(scene) {
  const { object, endpoints, programs } = scene;
  const sink = env(scene, endpoints.sink);
  const sinkTls = env(scene, endpoints.sinkTls);
  return [
    { name: "put", command: node(scene, "ours/put", object, "bench", "object", "whole"), env: sink },
    { name: "curl put", command: [programs.curl, "-sf", "-T", object, `${endpoints.sink}/bench/object`] },
    { name: "put parts", command: node(scene, "ours/put", object, "bench", "object"), env: sink },
    { name: "put tls", command: node(scene, "ours/put", object, "bench", "object", "whole"), env: sinkTls },
    { name: "go put tls", command: [path.join(programs.go, "s3-put"), object, "bench", "object"], env: sinkTls },
    { name: "js put tls", command: node(scene, "peers/sdk-put", object, "bench", "object"), env: sinkTls },
  ];
}

/** @param {Scene} scene @returns {Participant[]} */
function trees(scene) {
  const { output, tree, treeShape, treeBucket, programs } = scene;
  const folder = path.join(output, "tree");
  const into = { before: () => empty(output), after: () => checkTree(folder, treeShape) };
  const gateway = env(scene, scene.endpoints.gateway);
  return [
    { name: "tree", command: node(scene, "ours/tree", "down", treeBucket, "tree/", folder), env: gateway, ...into },
    {
      name: "go tree",
      command: [path.join(programs.go, "s3-tree"), treeBucket, "tree/", folder],
      env: gateway,
      ...into,
    },
    { name: "js tree", command: node(scene, "peers/sdk-tree", treeBucket, "tree/", folder), env: gateway, ...into },
    { name: "cp", command: ["cp", "-r", tree, folder], ...into },
  ];
}

/** @param {Scene} scene @returns {Participant[]} */
function presigners(scene) {
  const { ours, js, hash } = scene.presigns;
  const signing = env(scene, scene.endpoints.gateway);
  return [
    { name: "presign", command: node(scene, "ours/presign", String(ours)), env: signing },
    { name: "js presign", command: node(scene, "peers/sdk-presign", String(js)), env: signing },
    { name: "hash pair", command: node(scene, "peers/hash-pair", String(hash)) },
  ];
}

/**
 * @param {Scene} scene
 * @param {string} endpoint
 * @returns {Record<string, string>} what the SDKs and ours read alike
 */
export function env({ identity, certificate, home }, endpoint) {
  return {
    HOME: home,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: identity.region,
    AWS_ACCESS_KEY_ID: identity.accessKeyId,
    AWS_SECRET_ACCESS_KEY: identity.secretAccessKey,
    ...(endpoint.startsWith("https:") && { BENCH_CA: certificate }),
  };
}

/**
 * @param {Scene} scene
 * @param {string} program its folder and name
 * @param {...string} args
 * @returns {string[]}
 */
export function node({ programs }, program, ...args) {
  return [process.execPath, path.join(programs.js, `${program}.mjs`), ...args];
}

/** @param {string} folder */
export function empty(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}
