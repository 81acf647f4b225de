// @ts-check
// The suites of `npm run test:stores` and the peers that each needs. A suite is the vitest project `stores-<name>` and
// the files `test/stores/<name>*.test.ts` of lib/storage and of the dataproxy.

/** @type {Readonly<Record<string, readonly string[]>>} */
export const suites = {
  versitygw: ["versitygw"],
  minio: ["minio", "toxiproxy"],
  radosgw: ["radosgw", "toxiproxy"],
  faults: ["minio"],
  refusals: ["minio", "versitygw", "nginx"],
  web: ["nginx", "toxiproxy"],
};
