// @ts-check
// hash-pair COUNT: one SHA-256 and one HMAC each, over texts as long as a signature's, which no signer can do without.
import { createHash, createHmac } from "node:crypto";
import { perCpuSecond } from "../per-cpu-second.mjs";

const canonical = "x".repeat(420);
const key = Buffer.alloc(32, 1);
const rate = await perCpuSecond(Number(process.argv[2]), () => {
  const hash = createHash("sha256").update(canonical).digest("hex");
  return createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n20260101T000000Z\n20260101/us-east-1/s3\n${hash}`)
    .digest("hex");
});
process.stdout.write(`${rate}\n`);
