import { expect, test } from "vitest";
import { contentOf } from "./content-of.ts";

test.each([
  { name: "that is not there", path: "/nowhere/log", signal: undefined },
  { name: "after its reader has gone", path: "/dev/null", signal: AbortSignal.abort() },
])("a file $name fails its reader, and nobody where it is never read", async ({ path, signal }) => {
  const uncaught: unknown[] = [];
  const notice = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", notice);
  try {
    contentOf(path, 0, signal);
    await expect(contentOf(path, 0, signal).next()).rejects.toThrow(/no such file|aborted/);
    expect(uncaught).toEqual([]);
  } finally {
    process.off("uncaughtException", notice);
  }
});
