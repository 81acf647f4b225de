import type { StorageScheme } from "@flyte-dataplane/core";
import type { CallContext } from "@flyte-dataplane/runtime/server";
import type { DataproxyConfig } from "./config.ts";
import { clusterEndpoint } from "./select-cluster.ts";

/** Whom a link is for: their call, and the headers that tell where they are. */
export type LinkCaller = Pick<CallContext, "signal" | "requestHeader">;

/**
 * The address that a link to `scheme`'s storage is to name. Links to files lead back to this server, so they name it as
 * `selectCluster` does: the laptop, a pod and a caller behind a proxy each know it by another address. An object store
 * answers its links itself, at the address of its own settings.
 */
export function linkEndpoint(
  config: DataproxyConfig,
  scheme: StorageScheme,
  header: Headers,
): { readonly endpoint?: string } {
  const endpoint = scheme === "file" ? clusterEndpoint(config.publicEndpoint, header) : "";
  return endpoint === "" ? {} : { endpoint };
}
