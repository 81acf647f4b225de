// @ts-check
// sdk-tree BUCKET PREFIX FOLDER: lists a prefix and fetches its objects into a folder, several at a time.
import { createWriteStream, mkdirSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { GetObjectCommand, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { lanes, openClient } from "./sdk-client.mjs";

const [bucket, prefix = "", folder = ""] = process.argv.slice(2);
const client = openClient();
const keys = listed();
// One generator for all lanes: each takes the next key when it is free.
await Promise.all(Array.from({ length: lanes }, lane));
client.destroy();

async function* listed() {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key: key } of page.Contents ?? []) if (key !== undefined) yield key;
  }
}

async function lane() {
  for (let next = await keys.next(); next.done !== true; next = await keys.next()) await fetchOne(next.value);
}

/** @param {string} key */
async function fetchOne(key) {
  const file = path.join(folder, key.slice(prefix.length));
  mkdirSync(path.dirname(file), { recursive: true });
  const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!(body instanceof Readable)) throw new Error(`${key} has no body`);
  await pipeline(body, createWriteStream(file));
}
