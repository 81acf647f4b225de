import { DataPlaneError } from "@flyte-dataplane/core";
import type { S3Credentials } from "./credentials.ts";
import type { ProfileFiles } from "./profile-files.ts";
import { systemWord } from "./secret-file.ts";
import { unusable } from "./source.ts";

/**
 * A profile that leads to credentials by a way that we do not walk ourselves. The SDK is loaded here and at no other
 * moment: it costs a quarter of a second and 20 MiB, and a bundle may leave it out, which is then the error. It reads the
 * process's own environment.
 */
export async function loadThroughSdk(
  profile: string,
  files: ProfileFiles,
  region: string | undefined,
): Promise<S3Credentials> {
  const fromIni = await loadSdk();
  try {
    const provider = fromIni({
      profile,
      filepath: files.credentials,
      configFilepath: files.config,
      // Files may have been rotated since the last call.
      ignoreCache: true,
      ...(region !== undefined && { clientConfig: { region } }),
    });
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provider();
    return {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      ...(expiration !== undefined && { expiresAt: expiration.getTime() }),
    };
  } catch (cause) {
    // By name alone: its messages may quote what another program printed.
    const message = `the AWS SDK gives up on it (${cause instanceof Error ? cause.name : "unknown error"})`;
    throw passes(cause) ? new DataPlaneError("unavailable", message, { cause }) : unusable(message, cause);
  }
}

/** A service of AWS that cannot be reached or is out of order. */
function passes(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const network = /^E(?:AI_AGAIN|CONN|HOST|NET|NOTFOUND|PIPE|TIMEDOUT)/.test(systemWord(error));
  return (
    network ||
    ("$fault" in error && error.$fault === "server") ||
    ("$retryable" in error && error.$retryable !== undefined)
  );
}

async function loadSdk(): Promise<typeof import("@aws-sdk/credential-provider-ini")["fromIni"]> {
  try {
    return (await import("@aws-sdk/credential-provider-ini")).fromIni;
  } catch (cause) {
    if (systemWord(cause) !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new DataPlaneError(
      "unimplemented",
      "it needs the AWS SDK, which this program comes without; use keys, a web identity or the role of the machine",
      { cause },
    );
  }
}
