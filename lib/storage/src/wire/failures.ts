import { DataPlaneError } from "@flyte-dataplane/core";

/** A response that is not HTTP as this client speaks it. The message must not repeat what the peer sent. */
export function malformed(what: string): DataPlaneError {
  return new DataPlaneError("unavailable", `malformed response: ${what}`);
}

/** The connection went before the peer said one byte: perhaps it was closing already when the request set out. */
export class NothingHeard extends DataPlaneError {}

/** A success that came before the peer can have had the whole body: what it has is not what was sent. */
export function tooEarly(peer: string, status: number): DataPlaneError {
  return new DataPlaneError("unavailable", `${peer}: it answered ${status} before the body had left`);
}

/** Says of a failure at which peer (`host:port`) it happened. */
export function atPeer(peer: string, error: DataPlaneError): DataPlaneError {
  return new DataPlaneError(error.code, `${peer}: ${error.message}`, { origin: error.origin, cause: error });
}

const socketFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the peer reset the connection",
  EPIPE: "the peer closed the connection",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name could not be looked up",
  ETIMEDOUT: "the network gave up on the connection",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
};

/** A failure of the network: another attempt may succeed. */
export function socketFailure(peer: string, error: Error): DataPlaneError {
  const code = codeOf(error);
  const what = socketFailures[code] ?? `the connection failed (${code === "" ? error.name : code})`;
  return new DataPlaneError("unavailable", `${peer}: ${what}`, { cause: error });
}

/** A handshake that ended because nobody we trust vouches for the peer: no attempt will change that. */
export function untrusted(peer: string, error: Error): DataPlaneError {
  const code = codeOf(error);
  const what = `its certificate is not trusted (${code === "" ? error.name : code}); name its authority in the configuration`;
  return new DataPlaneError("failed_precondition", `${peer}: ${what}`, { cause: error });
}

/** `ECONNRESET` and its like; empty for anything else. Where several addresses were tried, that of the first. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
