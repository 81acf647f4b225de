import type { StorageScheme } from "@flyte-dataplane/core";
import type { DataproxyConfig } from "./config.ts";
import { clusterEndpoint } from "./select-cluster.ts";

/** Addresses of the object store for links: scheme, host and port. */
export interface StoreLinks {
  /** For every caller; empty: the server's own. */
  readonly endpoint: string;
  /** For calls sent to a Host, such as one that only Pods use; wins over the other. */
  readonly byHost: Readonly<Record<string, string>>;
}

/**
 * The address that a link to `scheme`'s storage is to name. Links to files lead back to this server, so they name it as
 * `selectCluster` does: the laptop, a pod and a caller behind a proxy each know it by another address. An object store
 * answers its links itself, at the address that `storeLinks` has for the caller, else that of its own settings.
 */
export function linkEndpoint(
  { config, storeLinks }: { readonly config: DataproxyConfig; readonly storeLinks?: StoreLinks },
  scheme: StorageScheme,
  header: Headers,
): { readonly endpoint?: string } {
  const endpoint =
    scheme === "file" ? clusterEndpoint(config.publicEndpoint, header) : storeEndpoint(storeLinks, header.get("host"));
  return endpoint === "" ? {} : { endpoint };
}

function storeEndpoint(links: StoreLinks | undefined, host: string | null): string {
  const byHost = Object.entries(links?.byHost ?? {}).find(([name]) => name === host?.trim().toLowerCase());
  return byHost?.[1] ?? links?.endpoint ?? "";
}
