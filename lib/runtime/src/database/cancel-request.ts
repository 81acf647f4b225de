/** PostgreSQL's own request to give up a statement: sixteen bytes on a connection of their own, which nothing answers. */
import { connect } from "node:net";
import type { Client } from "pg";

const cancelRequestCode = 80_877_102;

/**
 * Asks for whatever `client` runs to be given up; the statement then fails by itself. Resolves once the request was taken,
 * could not be brought, or `signal` aborted. Unlike `pg_cancel_backend` it reaches the right server behind a pooler,
 * whose process numbers are made up and might be somebody else's at the server. As with libpq's, nothing in it is secret
 * beyond this connection, so it goes in clear text.
 */
export function requestCancel(client: Client, signal: AbortSignal): Promise<void> {
  const request = cancelRequest(client);
  if (request === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const socket = connect({ ...address(client), signal }, () => socket.write(request));
    // The server hangs up after it has passed the request on; whether it could is seen on the statement alone. Closing our
    // own side before ends PgBouncer 1.18 as a whole: it lets go of us twice.
    socket.on("error", () => undefined).on("close", () => resolve());
    socket.resume();
  });
}

function cancelRequest(client: Client): Buffer | undefined {
  // `pg` keeps both on its clients without telling their types.
  const { processID, secretKey } = client as { readonly processID?: unknown; readonly secretKey?: unknown };
  if (typeof processID !== "number" || typeof secretKey !== "number") return undefined;
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(cancelRequestCode, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  return request;
}

function address({ host, port }: Client): { readonly path: string } | { readonly host: string; readonly port: number } {
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
