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

/** What the two files are called where they are set: a message that names the setting says what to mend. */
export interface TlsNames {
  readonly cert: string;
  readonly key: string;
}

/**
 * Rejects with `invalid_argument`, naming the file, when one cannot be read, is not what it should be, or the key is not
 * that of the certificate.
 */
export async function readTlsFiles(
  { certFile, keyFile }: TlsFiles,
  names: TlsNames = { cert: "certificate", key: "private key" },
): Promise<TlsIdentity> {
  const look = async <T>(what: string, action: () => Promise<T> | T): Promise<T> => {
    try {
      return await action();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DataPlaneError("invalid_argument", `read ${what}: ${why}`, { origin: "user", cause });
    }
  };
  const cert = await look(`${names.cert} ${certFile}`, () => readFile(certFile));
  const key = await look(`${names.key} ${keyFile}`, () => readFile(keyFile));
  // Alone first: OpenSSL's words do not say which of the two it means.
  await look(`${names.cert} ${certFile}`, () => createSecureContext({ cert }));
  await look(`${names.key} ${keyFile} for ${certFile}`, () => createSecureContext({ cert, key }));
  return { cert, key };
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
