import type { Env, Logger } from "@flyte-dataplane/core";
import type { ProxyOptions, WireOptions } from "./wire/exchange.ts";

/** How stores outside this machine are reached. */
export interface NetworkOptions {
  /** The process's variables: region, endpoint, credentials, proxies and authorities are looked for in them. */
  readonly env: Env;
  /** `sync` for a program that does nothing but move files; see `WireOptions`. */
  readonly writes: "sync" | "async";
  /** In place of the wire's own limits. */
  readonly limits?: Pick<
    WireOptions,
    "connectTimeoutMs" | "firstByteTimeoutMs" | "idleTimeoutMs" | "maxConnectionsPerOrigin"
  >;
  /** Yields numbers in [0, 1); `Math.random` by default. */
  readonly random?: () => number;
  readonly logger?: Logger;
}

/** HTTP_PROXY, HTTPS_PROXY and NO_PROXY, where the lower-case name of each comes first, as curl and Go have it. */
export function proxyOf(env: Env): ProxyOptions {
  const value = (name: string): string | undefined => {
    const lower = env[name.toLowerCase()];
    return lower === undefined || lower === "" ? env[name] : lower;
  };
  return { http: value("HTTP_PROXY"), https: value("HTTPS_PROXY"), no: value("NO_PROXY") };
}
