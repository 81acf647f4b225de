import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { fileError, fileErrorTable, placementError } from "./errors.ts";

const system = (code: string): Error =>
  Object.assign(new Error(`${code}: recorded, open '/secret/path'`), { code, errno: -1, syscall: "open" });

describe("errors of the file system", () => {
  it.each([
    ["ENOENT", "not_found"],
    ["ENOTDIR", "not_found"],
    ["EEXIST", "already_exists"],
    ["EACCES", "permission_denied"],
    ["EROFS", "permission_denied"],
    ["ENOSPC", "resource_exhausted"],
    ["EDQUOT", "resource_exhausted"],
    ["EMFILE", "resource_exhausted"],
    ["ENAMETOOLONG", "invalid_argument"],
    ["ELOOP", "failed_precondition"],
    ["EIO", "unavailable"],
    ["ESTALE", "unavailable"],
    ["EWHATEVER", "internal"],
  ])("%s is %s", (code, expected) => {
    const error = fileError(system(code));
    expect(error).toMatchObject({ code: expected, cause: { code } });
    expect(error.message).not.toContain("/secret");
  });

  it("every row has a meaning", () => {
    for (const [code, row] of Object.entries(fileErrorTable)) expect(row.meaning, code).not.toBe("");
  });

  it.each(["EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY"])(
    "%s in the way of a new object is failed_precondition",
    (code) => {
      expect(placementError(system(code))).toMatchObject({ code: "failed_precondition" });
    },
  );

  it("errors of ours pass unchanged, and what is no error is internal", () => {
    const ours = new DataPlaneError("data_loss", "short");
    expect(fileError(ours)).toBe(ours);
    expect(placementError(ours)).toBe(ours);
    expect(fileError("thrown text")).toMatchObject({ code: "internal" });
  });
});
