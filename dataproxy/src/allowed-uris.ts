import { DataPlaneError, formatStorageUri, parseStorageUri } from "@flyte-dataplane/core";
import type { DataproxyOptions } from "./options.ts";

/** Throws `permission_denied` for a URI outside the server's own storage and the configured prefixes. */
export function assertAllowed(
  options: Pick<DataproxyOptions, "base" | "config">,
  operation: string,
  uri: string,
): void {
  const target = `${formatStorageUri(parseStorageUri(uri))}/`;
  const allowed = [options.base, ...options.config.allowedPrefixes];
  if (allowed.some((prefix) => target.startsWith(`${formatStorageUri(parseStorageUri(prefix))}/`))) return;
  throw new DataPlaneError(
    "permission_denied",
    `${operation} ${uri}: it lies outside the storage that this server may touch; see dataproxy.allowedPrefixes`,
    {
      origin: "user",
      ref: uri,
    },
  );
}
