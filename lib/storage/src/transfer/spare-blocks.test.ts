import { describe, expect, it } from "vitest";
import { SpareBlocks } from "./spare-blocks.ts";

const lent = (block: Uint8Array | undefined): Promise<Uint8Array | undefined> => Promise.resolve(block);

describe("blocks that uploads share", () => {
  it("are never with two of them at a time, and with no more than allowed", async () => {
    const blocks = new SpareBlocks(8, 2);
    const seen = await blocks.lend(8, async (first) => {
      return await blocks.lend(8, async (second) => [first, second, await blocks.lend(8, lent)]);
    });
    expect(seen.map((block) => block?.byteLength)).toEqual([8, 8, undefined]);
    expect(seen[0]).not.toBe(seen[1]);
  });

  it("are used again while somebody uploads, and let go of then", async () => {
    const blocks = new SpareBlocks(8, 2);
    const [first, second] = await blocks.lend(8, async () => [await blocks.lend(8, lent), await blocks.lend(8, lent)]);
    expect(second).toBe(first);
    expect(await blocks.lend(8, lent)).not.toBe(first);
  });

  it("are kept between two uses for whoever holds them, and let go of then", async () => {
    const blocks = new SpareBlocks(8, 2);
    const [first, second] = await blocks.hold(async () => [await blocks.lend(8, lent), await blocks.lend(8, lent)]);
    expect(second).toBe(first);
    expect(await blocks.lend(8, lent)).not.toBe(first);
  });

  it("are not used again after a failure, since the kernel may still read them", async () => {
    const blocks = new SpareBlocks(8, 2);
    const seen: (Uint8Array | undefined)[] = [];
    await blocks.lend(8, async () => {
      const failing = blocks.lend(8, (block) => {
        seen.push(block);
        return Promise.reject(new Error("no"));
      });
      await expect(failing).rejects.toThrow("no");
      seen.push(await blocks.lend(8, lent));
    });
    expect(seen[1]).toBeDefined();
    expect(seen[1]).not.toBe(seen[0]);
  });

  it("are not lent for more bytes than they have", async () => {
    expect(await new SpareBlocks(8, 2).lend(9, lent)).toBeUndefined();
  });
});
