// @ts-check
// presign COUNT: links that upload, and prints how many a second of processor time makes.
import { perCpuSecond } from "../per-cpu-second.mjs";
import { withBucket } from "./open-bucket.mjs";

const count = Number(process.argv[2]);
const expiresAt = Date.now() + 3_600_000;
const rate = await withBucket("bench", (bucket) =>
  perCpuSecond(count, (index) => bucket.signPut(`run/${index}/outputs.pb`, { expiresAt })),
);
process.stdout.write(`${rate}\n`);
