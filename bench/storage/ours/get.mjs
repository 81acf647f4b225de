// @ts-check
// get BUCKET KEY FILE [whole]: one object into a file; `whole` in one stream, however large it is.
import { downloadFile } from "@flyte-dataplane/storage";
import { clock, withBucket } from "./open-bucket.mjs";

const [bucket = "", key = "", file = "", how] = process.argv.slice(2);
const sizes = how === "whole" ? { wholeBytes: Number.POSITIVE_INFINITY } : {};
await withBucket(bucket, (opened) => downloadFile(opened, key, file, { clock, writes: "sync", sizes }));
