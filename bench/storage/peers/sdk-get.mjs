// @ts-check
// sdk-get BUCKET KEY FILE: one object into a file.
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { openClient } from "./sdk-client.mjs";

const [bucket, key, file = ""] = process.argv.slice(2);
const client = openClient();
const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
if (!(body instanceof Readable)) throw new Error("the object has no body");
await pipeline(body, createWriteStream(file));
client.destroy();
