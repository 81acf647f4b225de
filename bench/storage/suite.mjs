// @ts-check
// The storage benchmark: transfers of ours against the programs that people know, on this machine's own loopback.
import path from "node:path";
import { startVersitygw } from "@flyte-dataplane/test-support";
import { bundlePrograms } from "../../tools/bench/bundle.mjs";
import { measured } from "../../tools/bench/measure.mjs";
import { eventLoop } from "./event-loop.mjs";
import { fillFile, fillTree } from "./fill.mjs";
import { flatMemory, peakMemory } from "./memory.mjs";
import { env, node, participants } from "./participants.mjs";
import { rows } from "./rows.mjs";
import { makeScratch } from "./scratch.mjs";
import { makeIdentity, startNginx, startSink } from "./servers.mjs";

const mebibyte = 1024 ** 2;

/** @type {import("../../tools/bench/suite.mjs").Suite} */
export const suite = {
  name: "storage",
  peers: ["nginx", "curl", "versitygw"],
  async prepare({ root, programs, go, quick }) {
    const js = await bundlePrograms(root, path.join(root, "bench", "storage"), ["ours", "peers"]);
    const { scratch, stops, folder, close } = makeScratch();
    try {
      const www = folder("www");
      const object = path.join(folder("www/bench"), "object");
      const objectBytes = (quick ? 128 : 1024) * mebibyte;
      const crc32c = fillFile(object, objectBytes);
      const treeShape = { files: quick ? 500 : 5000, bytes: 64 * 1024, perFolder: 100 };
      const tree = folder("tree");
      fillTree(tree, treeShape);
      const identity = makeIdentity(scratch);
      const web = await startNginx({ program: programs.get("nginx") ?? "", folder: scratch, www, identity, crc32c });
      stops.push(web.http.stop);
      const sink = await startSink(path.join(go, "sink"));
      stops.push(sink.stop);
      const sinkTls = await startSink(path.join(go, "sink"), identity);
      stops.push(sinkTls.stop);
      const gateway = await startVersitygw({ program: programs.get("versitygw") ?? "", directory: folder("gateway") });
      stops.push(gateway.stop);
      const scene = {
        output: folder("output"),
        object,
        objectBytes,
        tree,
        treeShape,
        treeBucket: await gateway.createBucket(),
        endpoints: {
          web: web.http.endpoint,
          webTls: web.https.endpoint,
          sink: sink.endpoint,
          sinkTls: sinkTls.endpoint,
          gateway: gateway.endpoint,
        },
        identity: gateway,
        certificate: identity.certificate,
        home: folder("home"),
        programs: { curl: programs.get("curl") ?? "", go, js },
        presigns: quick ? { ours: 50_000, js: 300, hash: 50_000 } : { ours: 200_000, js: 1000, hash: 200_000 },
      };
      const measure = path.join(go, "measure");
      const upload = node(scene, "ours/tree", "up", scene.treeBucket, "tree/", tree);
      await measured(measure, upload, env(scene, gateway.endpoint));
      return {
        participants: participants(scene),
        rows,
        async further(measurements) {
          const peak = peakMemory(measurements);
          const loop = await eventLoop(scene);
          return quick ? [peak, ...loop] : [peak, ...loop, ...(await flatMemory(scene, { measure, www, scratch }))];
        },
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};
