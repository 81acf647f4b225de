import { closeSync, readdirSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createContext } from "../../src/transfer/context.ts";
import { FileSink } from "../../src/transfer/file-sink.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

describe("a file made of a small object as it arrives", () => {
  let at: Workspace;

  beforeEach(async () => {
    at = await openWorkspace("sync");
  });
  afterEach(async () => {
    await at.close();
  });

  it("is gone when it is given up, even where its descriptor cannot be closed", async () => {
    const signal = new AbortController().signal;
    const sink = new FileSink(createContext(at.bucket, at.options), "object", path.join(at.folder, "file"), signal);
    sink.begin({ key: "object", size: 10, etag: "v", modifiedAt: 0 });
    sink.chunk(new Uint8Array(4));
    // A file system over the network may tell only now that it is full.
    closeSync(descriptorBelow(at.folder));
    sink.release();
    expect(await readdir(at.folder)).toEqual([]);
  });
});

function descriptorBelow(folder: string): number {
  const found = readdirSync("/proc/self/fd").find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/`);
    } catch {
      return false;
    }
  });
  return Number(found);
}
