// @ts-check
// The co-pilot's benchmark: its commands against the programs that people know, on this machine's own loopback.
import { linkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createStores, uploadTree } from "@flyte-dataplane/storage";
import { startVersitygw } from "@flyte-dataplane/test-support";
import { bundlePrograms } from "../../tools/bench/bundle.mjs";
import { fillFile, fillTree } from "../storage/fill.mjs";
import { peakMemory } from "../storage/memory.mjs";
import { makeScratch } from "../storage/scratch.mjs";
import { makeIdentity, startNginx, startSink } from "../storage/servers.mjs";
import { inputs } from "./documents.mjs";
import { curlList, participants } from "./participants.mjs";
import { bounded, rows } from "./rows.mjs";

const mebibyte = 1024 ** 2;
const smallBytes = 64 * 1024;

/** @type {import("../../tools/bench/suite.mjs").Suite} */
export const suite = {
  name: "copilot",
  peers: ["nginx", "curl", "versitygw"],
  async prepare({ root, programs, go, quick }) {
    const js = await bundlePrograms(root, path.join(root, "bench", "storage"), ["ours", "peers"]);
    const { scratch, stops, folder, close } = makeScratch();
    try {
      const www = folder("www");
      const object = path.join(folder("www/bench"), "object");
      const objectBytes = (quick ? 128 : 1024) * mebibyte;
      const crc32c = fillFile(object, objectBytes);
      writeFileSync(path.join(www, "bench", "object.pb"), inputs("s3://bench/object", 0));
      linkSync(object, path.join(folder("outputs"), "x"));
      const treeShape = { files: quick ? 500 : 5000, bytes: 64 * 1024, perFolder: 100 };
      fillTree(folder("tree"), treeShape);
      const shape = { ...treeShape, files: quick ? 200 : 2000 };
      fillTree(folder("few/x"), shape);

      const identity = makeIdentity(scratch);
      const web = await startNginx({ program: programs.get("nginx") ?? "", folder: scratch, www, identity, crc32c });
      stops.push(web.http.stop);
      const sink = await startSink(path.join(go, "sink"));
      stops.push(sink.stop);
      const gateway = await startVersitygw({ program: programs.get("versitygw") ?? "", directory: folder("gateway") });
      stops.push(gateway.stop);
      const treeBucket = await gateway.createBucket();
      const scene = {
        output: folder("output"),
        object,
        objectBytes,
        tree: path.join(scratch, "tree"),
        treeShape,
        treeBucket,
        endpoints: {
          web: web.http.endpoint,
          webTls: web.https.endpoint,
          sink: sink.endpoint,
          sinkTls: sink.endpoint,
          gateway: gateway.endpoint,
        },
        identity: gateway,
        certificate: identity.certificate,
        home: folder("home"),
        programs: { curl: programs.get("curl") ?? "", go, js },
        presigns: { ours: 0, js: 0, hash: 0 },
      };
      await fillGateway(gateway, treeBucket, { tree: scene.tree, few: path.join(scratch, "few", "x") });
      const lists = folder("lists");
      const [get, put, nothing] = ["get", "put", "nothing.mjs"].map((name) => path.join(lists, name));
      const down = (/** @type {string} */ inner, /** @type {string} */ url) => [
        `url = "${url}/few/${inner}"`,
        `output = "${scene.output}/x/${inner}"`,
      ];
      const up = (/** @type {string} */ inner, /** @type {string} */ url) => [
        `url = "${url}/up/raw/x/${inner}"`,
        `upload-file = "${scratch}/few/x/${inner}"`,
      ];
      writeFileSync(get ?? "", curlList(scene, shape, down));
      writeFileSync(put ?? "", curlList(scene, shape, up));
      writeFileSync(nothing ?? "", "");
      return {
        participants: participants({
          scene,
          outputs: path.join(scratch, "outputs"),
          tree: { folder: path.join(scratch, "few"), shape, get: get ?? "", put: put ?? "" },
          smallBytes,
          nothing: nothing ?? "",
        }),
        rows,
        further: async (measurements) => [peakMemory(measurements, bounded)],
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/**
 * @param {import("@flyte-dataplane/test-support").StoreServer} gateway
 * @param {string} bucket
 * @param {Readonly<Record<string, string>>} trees local folders by their prefixes
 */
async function fillGateway(gateway, bucket, trees) {
  const network = {
    env: {
      AWS_ENDPOINT_URL_S3: gateway.endpoint,
      AWS_REGION: gateway.region,
      AWS_ACCESS_KEY_ID: gateway.accessKeyId,
      AWS_SECRET_ACCESS_KEY: gateway.secretAccessKey,
    },
    writes: /** @type {const} */ ("async"),
  };
  const stores = createStores({ clock: systemClock, network });
  try {
    const opened = await stores.bucket({ scheme: "s3", bucket, key: "" });
    for (const [prefix, folder] of Object.entries(trees)) {
      await uploadTree(opened, folder, `${prefix}/`, { clock: systemClock });
    }
  } finally {
    await stores.close();
  }
  const documents = {
    small: new Uint8Array(smallBytes),
    "small.pb": inputs(`s3://${bucket}/small`, 0),
    "small-tree.pb": inputs(`s3://${bucket}/few`, 1),
    "tree.pb": inputs(`s3://${bucket}/tree`, 1),
  };
  for (const [key, body] of Object.entries(documents)) {
    const { status, text } = await gateway.send("PUT", `/${bucket}/${key}`, body);
    if (status !== 200) throw new Error(`put ${key}: ${status} ${text}`);
  }
}
