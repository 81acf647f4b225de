import { connect as connectNet, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { DataPlaneError } from "@flyte-dataplane/core";
import { socketFailure, untrusted } from "./failures.ts";
import type { Inlet, OnRead } from "./inlet.ts";
import type { Route } from "./route.ts";
import type { Trust } from "./trust.ts";
import { openTunnel } from "./tunnel.ts";
import { withinTime } from "./within-time.ts";

export interface DialOptions {
  /** Leads what the connection reads to its receiver. */
  readonly inlet: Inlet;
  readonly trust: Trust;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Opens a connection on which requests of `route` can be written. Rejects with `unavailable`, `failed_precondition` for a
 * peer that is not trusted or a proxy that refuses us, `canceled`; no socket stays open then.
 */
export async function dial(route: Route, options: DialOptions): Promise<Socket> {
  const { peer } = route.proxy ?? route.origin;
  const socket = await withinTime({ ...options, peer }, async (hold) => {
    try {
      return await open(route, options, hold);
    } catch (error) {
      const doubted = error instanceof DataPlaneError && error.code === "failed_precondition";
      if (!doubted || !options.trust.addSystem()) throw error;
      return await open(route, options, hold);
    }
  });
  // It may have broken between its last event and now.
  if (socket.destroyed) throw new DataPlaneError("unavailable", `${peer}: the peer closed the connection`);
  return socket;
}

type Hold = (socket: Socket) => void;

async function open({ origin, proxy }: Route, options: DialOptions, hold: Hold): Promise<Socket> {
  const last = proxy !== undefined && !origin.tls ? proxy : origin;
  if (proxy === undefined || last === proxy) {
    return last.tls
      ? await secured(last, options, { ...hostOf(last), onread: options.inlet.onread }, hold)
      : await plain(last, options.inlet.onread, hold);
  }
  const outer = proxy.tls ? await secured(proxy, options, hostOf(proxy), hold) : await plain(proxy, undefined, hold);
  await openTunnel(outer, proxy, origin.peer);
  const inner = await secured(origin, options, { host: origin.host, socket: outer }, hold);
  options.inlet.follow(inner);
  return inner;
}

/** Where a socket leads. */
interface Hop {
  readonly host: string;
  readonly port: number;
  readonly peer: string;
}

function hostOf({ host, port }: Hop): { readonly host: string; readonly port: number } {
  return { host, port };
}

async function plain(hop: Hop, onread: OnRead | undefined, hold: Hold): Promise<Socket> {
  const socket = connectNet({ ...hostOf(hop), noDelay: true, ...(onread && { onread }) });
  hold(socket);
  await opened(socket, "connect").catch((error: Error) => {
    throw socketFailure(hop.peer, error);
  });
  return socket;
}

async function secured(hop: Hop, { trust }: DialOptions, way: WayThrough, hold: Hold): Promise<Socket> {
  const session = trust.session(hop.peer);
  const socket = connectTls({
    ...way,
    secureContext: trust.context,
    ALPNProtocols: ["http/1.1"],
    // A name that is sent must be a name; the certificate is held against the host in any case.
    ...(isIP(hop.host) === 0 && { servername: hop.host }),
    ...(session && { session }),
  });
  hold(socket);
  socket.on("session", (fresh) => {
    if (socket.authorized) trust.keepSession(hop.peer, fresh);
  });
  await opened(socket, "secureConnect").catch((error: Error) => {
    throw isDoubted(socket) ? untrusted(hop.peer, error) : socketFailure(hop.peer, error);
  });
  socket.setNoDelay(true);
  return socket;
}

/** A host to connect to, or a socket that leads there already. The declarations of Node leave `onread` out. */
type WayThrough = ConnectionOptions & { readonly onread?: OnRead };

/** Null as long as nothing speaks against the peer, whatever the declarations say. */
function isDoubted(socket: TLSSocket): boolean {
  const doubt: unknown = socket.authorizationError;
  return doubt !== null && doubt !== undefined;
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays: an error that comes while nobody else listens would end the process.
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("the peer closed the connection")));
    socket.once(event, resolve);
  });
}
