/**
 * How the containers of this machine reach the store. What stands in Pods names places only: keys go into the environment
 * of a process when it starts, and only of processes that move data themselves.
 */
import type { Pod, PodStorage } from "@flyte-dataplane/controller";
import { downloaderContainer, type Env, parseStorageUri, uploaderContainer } from "@flyte-dataplane/core";
import type { StorageSettings } from "./section.ts";
import { readSettingFile } from "./setting-file.ts";
import { credentialsOf, storePlace } from "./store.ts";

/** What co-pilot is told on its command line; absent on file storage, which needs no telling. */
export function podStorage(settings: StorageSettings, base: string, env: Env): PodStorage | undefined {
  const { scheme, bucket } = parseStorageUri(base);
  if (scheme === "file") return undefined;
  const { region, endpoint } = storePlace(settings.stow.config, env);
  return {
    type: settings.type,
    container: bucket,
    multiContainer: settings["enable-multicontainer"],
    kind: settings.stow.kind,
    config: {
      // Keys that were written down arrive as variables, which is where `iam` looks first.
      auth_type: credentialsOf(settings).kind === "anonymous" ? "anonymous" : "iam",
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
      ...(endpoint?.startsWith("http://") === true && { disable_ssl: "true" }),
    },
  };
}

/** Whether a container moves data itself: co-pilot does, and every task that has no co-pilot beside it. */
export function movesData(pod: Pod, containerName: string): boolean {
  const isCopilot = (name: string): boolean => name === uploaderContainer || name === downloaderContainer;
  return isCopilot(containerName) || pod.spec.initContainers?.some(({ name }) => isCopilot(name)) !== true;
}

/**
 * Variables that co-pilot, the Flyte SDK and AWS's own libraries read. A secret in a file is read afresh, since it may
 * have been changed. Rejects with `failed_precondition` where that cannot be done.
 */
export async function storeVariables(settings: StorageSettings, env: Env): Promise<Env> {
  const { region, endpoint } = storePlace(settings.stow.config, env);
  const ca = settings.s3.ca || env["AWS_CA_BUNDLE"];
  return {
    ...(await credentialVariables(settings, env)),
    ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    ...(endpoint !== undefined && { AWS_ENDPOINT_URL_S3: endpoint, FLYTE_AWS_ENDPOINT: endpoint }),
    ...(ca !== undefined && ca !== "" && { AWS_CA_BUNDLE: ca }),
  };
}

async function credentialVariables(settings: StorageSettings, env: Env): Promise<Env> {
  const credentials = credentialsOf(settings);
  switch (credentials.kind) {
    case "anonymous":
      return { AWS_SKIP_SIGNATURE: "true" };
    case "ambient": {
      const found = ambientVariables.flatMap((name) => {
        const value = env[name];
        return value === undefined ? [] : [[name, value] as const];
      });
      return {
        ...Object.fromEntries(found),
        ...(credentials.profile !== undefined && { AWS_PROFILE: credentials.profile }),
      };
    }
    case "given": {
      const { accessKeyId, secret, sessionToken } = credentials;
      const secretKey = "text" in secret ? secret.text : await secretIn(secret.path);
      return {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretKey,
        FLYTE_AWS_ACCESS_KEY_ID: accessKeyId,
        FLYTE_AWS_SECRET_ACCESS_KEY: secretKey,
        ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
      };
    }
  }
}

async function secretIn(path: string): Promise<string> {
  return (await readSettingFile("storage.stow.config.secret_key_path", path)).trim();
}

/** By these the server itself finds its credentials; a task on this machine then acts as the same user. */
const ambientVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_CONFIG_FILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
] as const;
