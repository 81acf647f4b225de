// @ts-check
import { expect, test } from "vitest";
import { conformanceTable } from "./conformance-table.mjs";

/**
 * @param {string} name
 * @param {"passed" | "failed" | "skipped"} [state]
 * @param {string[]} [says]
 */
const reported = (name, state = "passed", says) => ({
  file: "any.test.ts",
  name,
  state,
  ...(says === undefined ? {} : { says }),
});

test("the table has a line per driver and a column per topic, with failures and skips beside what passed", () => {
  const table = conformanceTable([
    reported("file driver > sizes > one byte"),
    reported("file driver > sizes > no bytes"),
    reported("s3 on minio driver > sizes > one byte"),
    reported("s3 on minio driver > sizes > no bytes", "failed"),
    reported("s3 on minio driver > keys > a key", "skipped"),
    reported("another suite > sizes > one byte"),
  ]);
  expect(table.split("\n")).toEqual([
    "driver       sizes  keys",
    "file             2     -",
    "s3 on minio    1!1   0~1",
  ]);
});

test("what a store cannot prove stands under the table", () => {
  const says = ["s3 on minio cannot prove: flat-keys"];
  const declared = reported("s3 on minio driver > declares what its server does not enforce", "passed", says);
  expect(conformanceTable([declared])).toContain("s3 on minio cannot prove: flat-keys");
});
