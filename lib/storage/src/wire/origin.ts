import { DataPlaneError } from "@flyte-dataplane/core";

/** Scheme, host and port of a request. */
export interface Origin {
  readonly tls: boolean;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port`, for messages and tunnels. */
  readonly peer: string;
  /** As the `Host` field has it: without the scheme's own port. */
  readonly hostField: string;
}

/** Rejects with `invalid_argument` for anything but `http://host[:port]` or `https://host[:port]`. */
export function parseOrigin(text: string): Origin {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const tls = url?.protocol === "https:";
  if (url === undefined || !(tls || url.protocol === "http:") || url.hostname === "") throw improper();
  if (url.pathname !== "/" || /[?#@]/.test(text)) throw improper();
  const port = url.port === "" ? (tls ? 443 : 80) : Number(url.port);
  return {
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    peer: `${url.hostname}:${port}`,
    hostField: url.host,
  };
}

/** It may hold a password, so it is not repeated. */
function improper(): DataPlaneError {
  return new DataPlaneError("invalid_argument", "an origin is http:// or https://, a host and perhaps a port");
}
