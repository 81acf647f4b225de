// @ts-check
// tree down|up BUCKET PREFIX FOLDER: a tree of objects into a folder, or the other way.
import { downloadTree, uploadTree } from "@flyte-dataplane/storage";
import { clock, withBucket } from "./open-bucket.mjs";

const [direction = "", bucket = "", prefix = "", folder = ""] = process.argv.slice(2);
await withBucket(bucket, (opened) =>
  direction === "up"
    ? uploadTree(opened, folder, prefix, { clock, writes: "sync" })
    : downloadTree(opened, prefix, folder, { clock, writes: "sync" }),
);
