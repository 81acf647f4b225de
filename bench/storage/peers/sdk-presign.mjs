// @ts-check
// sdk-presign COUNT: links that upload, made by AWS's own presigner.
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { perCpuSecond } from "../per-cpu-second.mjs";
import { openClient } from "./sdk-client.mjs";

const client = openClient();
const rate = await perCpuSecond(Number(process.argv[2]), (index) =>
  getSignedUrl(client, new PutObjectCommand({ Bucket: "bench", Key: `run/${index}/outputs.pb` }), { expiresIn: 3600 }),
);
process.stdout.write(`${rate}\n`);
