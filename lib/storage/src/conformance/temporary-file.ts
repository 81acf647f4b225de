import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** Gives `use` the descriptor of a file with `content`, open to read and write, and answers what stands in it then. */
export async function withTemporaryFile(
  content: Uint8Array,
  use: (fd: number, file: string) => Promise<void>,
): Promise<Uint8Array> {
  const folder = await mkdtemp(path.join(tmpdir(), "flyte-dataplane-conformance-"));
  try {
    const file = path.join(folder, "file");
    await writeFile(file, content);
    const handle = await open(file, "r+");
    try {
      await use(handle.fd, file);
    } finally {
      await handle.close();
    }
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
