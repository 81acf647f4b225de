// @ts-check
// put FILE BUCKET KEY [whole]: a file into one object; `whole` with one request, however large it is.
import { uploadFile } from "@flyte-dataplane/storage";
import { clock, withBucket } from "./open-bucket.mjs";

const [file = "", bucket = "", key = "", how] = process.argv.slice(2);
const sizes = how === "whole" ? { wholeBytes: Number.POSITIVE_INFINITY } : {};
await withBucket(bucket, (opened) => uploadFile(opened, file, key, { clock, writes: "sync", sizes }));
