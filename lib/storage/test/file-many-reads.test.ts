import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createStores } from "@flyte-dataplane/storage";
import { expect, test } from "vitest";

test("many files opened under one signal raise no warning", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "many-reads-"));
  const stores = createStores({ clock: { now: () => 0, sleep: () => Promise.resolve() } });
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on("warning", warned);
  try {
    const key = path.join(folder, "object").slice(1);
    await writeFile(`/${key}`, "x");
    const bucket = await stores.bucket({ scheme: "file", bucket: "", key });
    const { signal } = new AbortController();
    const opened = await Promise.all(Array.from({ length: 40 }, () => bucket.get(key, { signal })));
    for (const { body } of opened) for await (const chunk of body) expect(chunk.byteLength).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  } finally {
    process.off("warning", warned);
    await stores.close();
    await rm(folder, { recursive: true, force: true });
  }
});
