/** Files that a service ships beside its code and serves as they are: small ones, held in memory. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

export interface StaticFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Quoted, as the ETag header has it; changes with the content. */
  readonly etag: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** Reads `names` from `folder`, a `file:` URL that ends with a slash. Rejects when one is missing or of an unknown kind. */
export async function readStaticFiles(folder: URL, names: readonly string[]): Promise<readonly StaticFile[]> {
  return await Promise.all(
    names.map(async (name) => {
      const contentType = contentTypes[name.slice(name.lastIndexOf(".") + 1)];
      if (contentType === undefined) throw new TypeError(`static file "${name}": its kind is not known here`);
      const bytes = await readFile(new URL(name, folder));
      const etag = `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
      return { name, contentType, bytes, etag };
    }),
  );
}
