import { Buffer } from "node:buffer";
import { DataPlaneError } from "@flyte-dataplane/core";
import type { Signer, SignGetOptions, SignPutOptions } from "../../driver.ts";
import { formatSignedLink } from "../../signed-files/link.ts";
import type { FileSigning } from "./config.ts";

/** Signs links to our own server, which answers them with `serveSignedFile`. `check` throws for keys that name no file. */
export function fileSigner(signing: FileSigning, check: (key: string) => void): Signer {
  if (signing.key.byteLength < 32) {
    throw new DataPlaneError("invalid_argument", "sign: the signing key has fewer than 32 bytes");
  }
  return {
    // Asynchronous like every signer, and so that what is thrown rejects.
    signGet: async (key: string, options: SignGetOptions) => {
      check(key);
      const link = { method: "GET", key, expiresAt: options.expiresAt, downloadName: options.downloadName } as const;
      return await Promise.resolve({
        method: "GET",
        url: formatSignedLink(signing.key, options.endpoint ?? signing.endpoint(), link),
        headers: {},
        expiresAt: options.expiresAt,
      });
    },
    signPut: async (key: string, options: SignPutOptions) => {
      check(key);
      if (options.metadata !== undefined) {
        throw new DataPlaneError("unimplemented", "the file store keeps no metadata with an object");
      }
      const { contentMd5, contentLength, contentType, expiresAt } = options;
      const link = { method: "PUT", key, expiresAt, contentMd5, contentLength } as const;
      return await Promise.resolve({
        method: "PUT",
        url: formatSignedLink(signing.key, options.endpoint ?? signing.endpoint(), link),
        headers: {
          ...(contentLength !== undefined && { "Content-Length": contentLength.toString() }),
          ...(contentMd5 !== undefined && { "Content-MD5": Buffer.from(contentMd5).toString("base64") }),
          ...(contentType !== undefined && { "Content-Type": contentType }),
        },
        expiresAt,
      });
    },
  };
}
