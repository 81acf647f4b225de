import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, unlink } from "node:fs/promises";
import path from "node:path";
import { DataPlaneError } from "@flyte-dataplane/core";
import { fileError, systemCode } from "./errors.ts";
import { newPartialName } from "./paths.ts";

/** Bytes; the output size of the hash, beyond which HMAC gains nothing. */
const keyBytes = 32;

/**
 * The key that signs links to files, kept in `file` (mode 0600) so that a link outlives a restart of the server; the
 * first caller makes it, and of several at once all get the same. To revoke every link, remove the file and restart.
 * Rejects with `data_loss` if the file holds anything but a key.
 */
export async function loadSigningKey(file: string): Promise<Uint8Array> {
  const existing = await readKey(file);
  if (existing !== undefined) return existing;
  await createKey(file);
  const created = await readKey(file);
  if (created !== undefined) return created;
  throw new DataPlaneError("aborted", `load signing key ${file}: the file was removed while it was made`, {
    ref: file,
  });
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw named(file, error);
  }
  if (bytes.byteLength === keyBytes) return bytes;
  throw new DataPlaneError(
    "data_loss",
    `load signing key ${file}: it has ${bytes.byteLength} bytes, not ${keyBytes}; remove it to make a new key`,
    {
      ref: file,
    },
  );
}

/** Complete under its name or not there; a key that somebody else made first stays. */
async function createKey(file: string): Promise<void> {
  const partial = path.join(path.dirname(file), newPartialName());
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(partial, "wx", 0o600);
    try {
      await handle.writeFile(randomBytes(keyBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(partial, file);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw named(file, error);
  } finally {
    await unlink(partial).catch(() => undefined);
  }
}

function named(file: string, error: unknown): DataPlaneError {
  const { code, message, cause } = fileError(error);
  return new DataPlaneError(code, `load signing key ${file}: ${message}`, { ref: file, cause });
}
