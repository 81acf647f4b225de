import { DataPlaneError } from "@flyte-dataplane/core";
import type { CredentialsConfig, S3Settings } from "@flyte-dataplane/storage";

/**
 * How S3 is reached, by the settings that programs beside us share: `auth_type` (`accesskey` if absent, or `iam`),
 * `access_key_id`, `secret_key` or `secret_key_path`, `token`, `region`, `endpoint`, `disable_ssl`. Others are ignored.
 * Throws `invalid_argument` (origin user) for what is missing or cannot be; messages hold no value that may be a secret.
 */
export function s3Settings(config: ReadonlyMap<string, string>): S3Settings {
  if (config.get("v2_signing") === "true") {
    throw refuse("unimplemented", `"v2_signing" is not supported: signatures are those of version 4`);
  }
  const region = config.get("region") ?? "";
  const endpoint = config.get("endpoint") ?? "";
  return {
    credentials: credentials(config),
    ...(region !== "" && { region }),
    ...(endpoint !== "" && { endpoint: withScheme(endpoint, config.get("disable_ssl") === "true") }),
  };
}

function credentials(config: ReadonlyMap<string, string>): CredentialsConfig {
  const type = config.get("auth_type") ?? "";
  if (type === "iam") return { kind: "ambient" };
  if (type !== "" && type !== "accesskey") {
    throw refuse("invalid_argument", `"auth_type" is neither "accesskey" nor "iam"`);
  }
  const accessKeyId = required(config, "access_key_id");
  const path = config.get("secret_key_path") ?? "";
  const sessionToken = config.get("token") ?? "";
  return {
    kind: "given",
    accessKeyId,
    // A file can be replaced while we run, so it comes first.
    secret: path === "" ? { text: required(config, "secret_key") } : { path },
    ...(sessionToken !== "" && { sessionToken }),
  };
}

/** Present but empty is missing too: it would only fail later, at the store, and less clearly. */
function required(config: ReadonlyMap<string, string>, key: string): string {
  const value = config.get(key) ?? "";
  if (value !== "") return value;
  throw refuse("invalid_argument", `"${key}" is missing; with "auth_type=iam" the pod's own credentials are used`);
}

/** A scheme in the address counts more than the setting. */
function withScheme(endpoint: string, plain: boolean): string {
  return /^https?:\/\//i.test(endpoint) ? endpoint : `${plain ? "http" : "https"}://${endpoint}`;
}

function refuse(code: "invalid_argument" | "unimplemented", why: string): DataPlaneError {
  return new DataPlaneError(code, `configure the store: of storage.stow.config, ${why}`, { origin: "user" });
}
