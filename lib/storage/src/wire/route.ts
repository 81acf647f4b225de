import type { Origin } from "./origin.ts";
import type { Proxy } from "./proxy.ts";

/** How the bytes of an origin travel. */
export interface Route {
  readonly origin: Origin;
  readonly proxy: Proxy | undefined;
  /** Routes of one key may use one another's connections. */
  readonly key: string;
}

export function routeOf(origin: Origin, proxy: Proxy | undefined): Route {
  const scheme = origin.tls ? "https" : "http";
  return { origin, proxy, key: `${scheme}://${origin.peer}${proxy === undefined ? "" : ` by ${proxy.peer}`}` };
}
