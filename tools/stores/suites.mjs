// @ts-check
// The suites of `npm run test:stores` and the peers that each needs. A suite is the vitest project `stores-<name>` and
// the files `lib/storage/test/stores/<name>*.test.ts`.

/** @type {Readonly<Record<string, readonly string[]>>} */
export const suites = {
  versitygw: ["versitygw"],
  minio: ["minio", "toxiproxy"],
  radosgw: ["radosgw"],
  faults: ["minio"],
  refusals: ["minio", "versitygw"],
};
