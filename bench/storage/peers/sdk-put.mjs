// @ts-check
// sdk-put FILE BUCKET KEY: a file into one object with one request, the payload unsigned as over TLS it is.
import { createReadStream, statSync } from "node:fs";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { openClient } from "./sdk-client.mjs";

const [file = "", bucket, key] = process.argv.slice(2);
const client = openClient();
const { size } = statSync(file);
await client.send(
  new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: size }),
);
client.destroy();
