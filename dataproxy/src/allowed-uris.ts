import { DataPlaneError, formatStorageUri, parseStorageUri, type StorageUri } from "@flyte-dataplane/core";
import type { DataproxyOptions } from "./options.ts";

/**
 * Throws `permission_denied` for a URI outside the server's own storage and the configured prefixes. In an object store
 * what an attempt writes lies below the same prefix with a shard before it.
 */
export function assertAllowed(
  options: Pick<DataproxyOptions, "base" | "config">,
  operation: string,
  uri: string,
): void {
  const target = parseStorageUri(uri);
  const spellings = [target, ...withoutShard(target)].map((each) => `${formatStorageUri(each)}/`);
  const allowed = [options.base, ...options.config.allowedPrefixes].map((each) =>
    formatStorageUri(parseStorageUri(each)),
  );
  if (allowed.some((prefix) => spellings.some((spelling) => spelling.startsWith(`${prefix.replace(/\/$/, "")}/`))))
    return;
  throw new DataPlaneError(
    "permission_denied",
    `${operation} ${uri}: it lies outside the storage that this server may touch; see dataproxy.allowedPrefixes`,
    {
      origin: "user",
      ref: uri,
    },
  );
}

/** The same location as if it had no shard; none where it has none. */
function withoutShard(uri: StorageUri): readonly StorageUri[] {
  const rest = uri.scheme === "file" ? undefined : /^[a-z0-9]{2}\/(.+)$/s.exec(uri.key)?.[1];
  return rest === undefined ? [] : [{ ...uri, key: rest }];
}
