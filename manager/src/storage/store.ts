/** From the `storage` section to what reaches the store: this process's own settings of S3, and where everything lies. */
import { DataPlaneError, type Env, parseStorageUri, type StorageUri } from "@flyte-dataplane/core";
import type { CredentialsConfig, S3Settings } from "@flyte-dataplane/storage";
import type { StorageSettings, StowConfig } from "./section.ts";
import { readSettingFile } from "./setting-file.ts";

/** Where everything lies: the base that is set, the container, else `fallback`. Rejects with `invalid_argument` what no driver serves. */
export function storageBase({ base, container }: StorageSettings, fallback: string): string {
  if (base === "") return container === "" ? fallback : `s3://${container}`;
  const { scheme, bucket } = parseBase(base);
  if (scheme !== "file" && scheme !== "s3")
    throw fault(`storage.base is "${base}"; give an absolute path or an address that begins with s3://`);
  if (scheme === "s3" && bucket === "") throw fault(`storage.base is "${base}"; it names no bucket`);
  return base;
}

function parseBase(base: string): StorageUri {
  try {
    return parseStorageUri(base);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw fault(`storage.base is no storage address: ${why}`, cause);
  }
}

/** Rejects with `invalid_argument` for keys that do not go together, `failed_precondition` for a file that cannot be read. */
export async function s3Settings(settings: StorageSettings, env: Env): Promise<S3Settings> {
  const { encryption, encryptionKey, treeKeys } = settings.s3;
  const { region, endpoint } = storePlace(settings.stow.config, env);
  const ca = settings.s3.ca === "" ? undefined : await readSettingFile("storage.s3.ca", settings.s3.ca);
  return {
    credentials: credentialsOf(settings),
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(ca !== undefined && { ca }),
    ...(encryption === "AES256" && { encryption: { kind: encryption } }),
    ...(encryption === "aws:kms" && {
      encryption: { kind: encryption, ...(encryptionKey !== "" && { keyId: encryptionKey }) },
    }),
    ...(treeKeys && { flatKeys: false }),
  };
}

/** Region and endpoint as they are set, else as the environment has them; absent where both are silent. */
export function storePlace(
  { region, endpoint, disable_ssl }: StowConfig,
  env: Env,
): { readonly region?: string; readonly endpoint?: string } {
  const where = region || env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "";
  const ignored = env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.toLowerCase() === "true";
  const ambient = ignored ? "" : env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"] || "";
  const address = endpoint === "" ? ambient : withScheme(endpoint, disable_ssl);
  return { ...(where !== "" && { region: where }), ...(address !== "" && { endpoint: address }) };
}

/** Addresses without a scheme are usual where TLS is switched on and off by a key of its own. */
function withScheme(endpoint: string, plain: boolean): string {
  return endpoint.includes("://") ? endpoint : `${plain ? "http" : "https"}://${endpoint}`;
}

export function credentialsOf({ stow, s3 }: StorageSettings): CredentialsConfig {
  const { auth_type: type, access_key_id: accessKeyId, secret_key: text, secret_key_path: path, token } = stow.config;
  const ambient = type === "iam" || (type === "" && accessKeyId === "");
  if (type === "anonymous") return { kind: "anonymous" };
  if (ambient) return { kind: "ambient", ...(s3.profile !== "" && { profile: s3.profile }) };
  if (accessKeyId === "") throw fault("storage.stow.config.auth_type is accesskey; set access_key_id, too");
  if (text === "" && path === "")
    throw fault("storage.stow.config.access_key_id is set; set secret_key_path or secret_key, too");
  return {
    kind: "given",
    accessKeyId,
    secret: path === "" ? { text } : { path },
    ...(token !== "" && { sessionToken: token }),
  };
}

function fault(what: string, cause?: unknown): DataPlaneError {
  return new DataPlaneError("invalid_argument", `read configuration: ${what}`, { origin: "user", cause });
}
