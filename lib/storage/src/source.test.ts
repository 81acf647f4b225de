import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chunksOf, lengthOf } from "./source.ts";

test("a stream that reads a file is read as a stream, although it has a descriptor", async () => {
  const folder = await mkdtemp(join(tmpdir(), "source-"));
  try {
    await writeFile(join(folder, "log"), "a line\n");
    const stream = createReadStream(join(folder, "log"));
    expect(lengthOf(stream)).toBeUndefined();
    const chunks: Uint8Array[] = [];
    for await (const chunk of chunksOf(stream)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe("a line\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
