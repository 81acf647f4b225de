import { Buffer } from "node:buffer";
import { open } from "node:fs/promises";
import { expect, it } from "vitest";
import type { ReadResult } from "../driver.ts";
import { bodyOf, someBytes } from "./bodies.ts";
import { expectBytes } from "./expect-bytes.ts";
import { expectCode } from "./expect-code.ts";
import type { Subject } from "./harness.ts";
import { withTemporaryFile } from "./temporary-file.ts";

const size = 2_500_000;

/** For drivers that have `toFile`; one that has not is read by iterating, and the other topics judge that. */
export function toFile({ driver, leftovers }: Subject): void {
  it.each([
    { name: "a whole body", range: undefined, position: 0, from: 0, to: size },
    { name: "a whole body", range: undefined, position: 7, from: 0, to: size },
    { name: "a range", range: { offset: 5, length: 1_500_000 }, position: 3, from: 5, to: 1_500_005 },
    {
      name: "a range that runs past the end",
      range: { offset: size - 9, length: 99 },
      position: 0,
      from: size - 9,
      to: size,
    },
    { name: "a range past the end", range: { offset: size + 9 }, position: 2, from: size, to: size },
  ])("$name is written at position $position and nowhere else", async ({ range, position, from, to }) => {
    const bytes = someBytes(size, 6);
    await driver().put("object", bytes);
    const before = new Uint8Array(10).fill(0xff);
    const seen: Buffer[] = [];
    const content = await withTemporaryFile(before, async (fd) => {
      const read = await driver().get("object", range === undefined ? {} : { range });
      if (read.toFile === undefined) return await drop(read);
      const onChunk = (chunk: Uint8Array): void => void seen.push(Buffer.from(chunk));
      expect(await read.toFile({ fd, position, onChunk })).toBe(to - from);
    });
    if ((await firstRead(driver().get("object"))) === undefined) return;
    const wanted = bytes.subarray(from, to);
    expectBytes(Buffer.concat(seen), wanted);
    expectBytes(content.subarray(position, position + wanted.byteLength), wanted);
    expectBytes(content.subarray(0, position), before.subarray(0, position));
    expect(content.byteLength).toBe(Math.max(before.byteLength, position + wanted.byteLength));
  });

  it("an object without bytes writes none", async () => {
    await driver().put("empty", bodyOf(new Uint8Array(0)));
    const content = await withTemporaryFile(new Uint8Array(0), async (fd) => {
      const read = await driver().get("empty");
      if (read.toFile === undefined) return await drop(read);
      expect(await read.toFile({ fd, position: 0 })).toBe(0);
    });
    expect(content.byteLength).toBe(0);
  });

  it("an abort while a body goes into a file ends it with canceled and leaves nothing open", async () => {
    await driver().put("object", someBytes(size));
    await withTemporaryFile(new Uint8Array(0), async (fd) => {
      const stop = new AbortController();
      const read = await driver().get("object", { signal: stop.signal });
      if (read.toFile === undefined) return await drop(read);
      await expectCode(read.toFile({ fd, position: 0, onChunk: () => stop.abort() }), "canceled");
      await expect.poll(leftovers).toEqual([]);
    });
  });

  it("a file that cannot be written is no failure of the store, which would be asked again", async () => {
    await driver().put("object", someBytes(size));
    await withTemporaryFile(new Uint8Array(0), async (_fd, file) => {
      const readOnly = await open(file, "r");
      try {
        const read = await driver().get("object");
        if (read.toFile === undefined) return await drop(read);
        const error: unknown = await read.toFile({ fd: readOnly.fd, position: 0 }).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: "DataPlaneError" });
        expect(error).not.toMatchObject({ code: "unavailable" });
        await expect.poll(leftovers).toEqual([]);
      } finally {
        await readOnly.close();
      }
    });
  });
}

async function drop(read: ReadResult): Promise<void> {
  for await (const _chunk of read.body) return;
}

/** Whether the driver has `toFile` at all. */
async function firstRead(reading: Promise<ReadResult>): Promise<ReadResult["toFile"]> {
  const read = await reading;
  await drop(read);
  return read.toFile;
}
