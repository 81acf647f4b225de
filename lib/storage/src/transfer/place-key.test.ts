import { describe, expect, it, test } from "vitest";
import { placeOfKey } from "./place-key.ts";

describe("the place of a key", () => {
  it.each([
    { name: "a plain name", relative: "a", path: "a", isFolder: false },
    { name: "a nested one", relative: "a/b c/ä", path: "a/b c/ä", isFolder: false },
    { name: "dots that are part of a name", relative: "..a/b../...", path: "..a/b../...", isFolder: false },
    { name: "a backslash, which is a letter", relative: "a\\..\\b", path: "a\\..\\b", isFolder: false },
    { name: "a name of 255 bytes", relative: "n".repeat(255), path: "n".repeat(255), isFolder: false },
    { name: "the marker of a folder", relative: "a/b/", path: "a/b", isFolder: true },
    { name: "the marker of the tree itself", relative: "", path: "", isFolder: true },
  ])("is given for $name", ({ relative, path, isFolder }) => {
    expect(placeOfKey(relative, 0, "s3://b/k")).toEqual({ path, isFolder });
  });

  it.each([
    { name: "a step up", relative: "../a" },
    { name: "a step up in the middle", relative: "a/../../b" },
    { name: "a step up at the end", relative: "a/.." },
    { name: "a lone step up", relative: ".." },
    { name: "a step nowhere", relative: "a/./b" },
    { name: "an absolute path", relative: "/etc/passwd" },
    { name: "an empty part", relative: "a//b" },
    { name: "two slashes at the end", relative: "a//" },
    { name: "a lone slash", relative: "/" },
    { name: "a NUL", relative: "a\0b" },
    { name: "a name of 256 bytes", relative: `a/${"é".repeat(128)}` },
  ])("is refused for $name, whose key is named", ({ relative }) => {
    const refusal = expect.objectContaining({ code: "invalid_argument", origin: "user", ref: "s3://b/k" }) as Error;
    expect(() => placeOfKey(relative, 1, "s3://b/k")).toThrow(refusal);
    expect(() => placeOfKey(relative, 1, "s3://b/k")).toThrow("place s3://b/k: ");
  });
});

test("a folder's marker with bytes is refused: they would be lost", () => {
  expect(() => placeOfKey("a/", 1, "s3://b/k")).toThrow(/names a folder and has 1 bytes/);
});
