// @ts-check
import { expect, test } from "vitest";
import { faultTable } from "./fault-table.mjs";

const rest = "with nothing half visible and nothing left";

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

test("each operation has a line and each fault a column, with what failed or cannot be", () => {
  const table = faultTable([
    reported(`s3: get: a stall ends it as whole, ${rest}`),
    reported(`s3: get: SIGTERM at byte 5 ends it as canceled, ${rest}`),
    reported(`s3: get: SIGTERM at byte 9 ends it as canceled, ${rest}`, "failed"),
    reported(`file: tree down: SIGTERM at byte 9 ends it as canceled, ${rest}`, "skipped"),
    reported("another test > ends it as whole"),
    reported("declares", "passed", ["file: tree down: a stall: no line leads to it", "minio cannot prove: flat-keys"]),
  ]);
  expect(table.split("\n")).toEqual([
    "fault               1          2",
    "s3 get          whole  !canceled",
    "file tree down    (a)  ~canceled",
    "1 a stall · 2 SIGTERM",
    "(a) no line leads to it",
  ]);
});

test("without the matrix there is no table", () => {
  expect(faultTable([reported("s3 on minio driver > sizes > one byte")])).toBe("");
});
