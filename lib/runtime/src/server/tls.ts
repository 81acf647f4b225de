/** The server's certificate and key, from files that somebody else renews. */
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { type Clock, DataPlaneError, type Logger } from "@flyte-dataplane/core";

export interface TlsFiles {
  /** The certificate and those that lead to a known authority, PEM. */
  readonly certFile: string;
  /** Its private key, PEM. */
  readonly keyFile: string;
}

export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Rejects with `invalid_argument`, naming the files, when one cannot be read or they do not belong together. */
export async function readTlsFiles({ certFile, keyFile }: TlsFiles): Promise<TlsIdentity> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DataPlaneError("invalid_argument", `read ${certFile} and ${keyFile}: ${why}`, { cause });
  }
}

/** Reading two small files costs nothing; watching would miss how a cluster swaps the folder that they stand in. */
const lookAgainMs = 10_000;

export interface TlsRenewal {
  readonly files: TlsFiles;
  readonly current: TlsIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Given each identity that differs from the one before. */
  readonly renewed: (identity: TlsIdentity) => void;
}

/** Looks at the files until `signal` aborts. One that is missing or half written is left for the next look. */
export async function followTlsFiles({ files, current, clock, logger, signal, renewed }: TlsRenewal): Promise<void> {
  let known = current;
  while (!signal.aborted) {
    await clock.sleep(lookAgainMs, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const found = await readTlsFiles(files);
      if (found.cert.equals(known.cert) && found.key.equals(known.key)) continue;
      renewed(found);
      known = found;
      logger.info({ certFile: files.certFile }, "certificate renewed");
    } catch (error) {
      logger.warn({ certFile: files.certFile, error }, "certificate could not be renewed; the last one serves on");
    }
  }
}
