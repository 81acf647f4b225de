/**
 * HTTP/1.1 and HTTP/2 on one port. In the clear, gRPC clients begin with HTTP/2's preface and everybody else with a method,
 * so the first bytes tell; nothing is negotiated and no upgrade is offered. Over TLS both sides agreed while they shook
 * hands.
 */
import type { Server as HttpServer } from "node:http";
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

export interface Connections {
  /** Refuses connections that said nothing yet and tells HTTP/2 callers to begin no further call. */
  close(): void;
  /** Ends every connection at once. */
  destroy(): void;
}

export type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** How long a caller may take until its first bytes tell what it speaks. */
const decisionMs = 5000;
const probeMs = 30_000;

/** Makes `server`, one of `node:http` or `node:https`, take HTTP/2 too: its streams go to `listener`. */
export function takeBothProtocols(server: HttpServer, tls: boolean, listener: StreamListener): Connections {
  const http2 = createHttp2Server({
    settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 1000 },
    maxSessionMemory: 100,
  });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  http2.on("stream", listener);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  // A connection that breaks the protocol is closed by Node; nobody here waits for it.
  http2.on("sessionError", () => undefined);

  const spoken = tls ? "secureConnection" : "connection";
  const http1 = server.listeners(spoken) as ((this: HttpServer, socket: Socket) => void)[];
  server.removeAllListeners(spoken);
  const hand = (socket: Socket, isHttp2: boolean): void => {
    if (isHttp2) {
      // A server of HTTP/1.1 opens its sockets so that who ended its own half still gets an answer. HTTP/2 has no use for
      // that, and Node's session does not look: the calls of a caller who is gone would stay until something is sent.
      socket.allowHalfOpen = false;
      http2.emit("connection", socket);
    } else for (const take of http1) take.call(server, socket);
  };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // No protocol here has heartbeats on an idle stream, so only TCP notices a caller whose machine is gone.
    socket.setKeepAlive(true, probeMs);
    if (tls) return;
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
    peek(socket, (isHttp2) => {
      silent.delete(socket);
      hand(socket, isHttp2);
    });
  });
  if (tls) server.on("secureConnection", (socket: TLSSocket) => hand(socket, socket.alpnProtocol === "h2"));
  return {
    close: () => {
      for (const socket of silent) socket.destroy();
      for (const session of sessions) session.close();
    },
    destroy: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Looks at the first bytes of `socket` without taking them. */
function peek(socket: Socket, decided: (isHttp2: boolean) => void): void {
  const ignore = (): void => undefined;
  const hangUp = (): void => void socket.destroy();
  socket.on("error", ignore);
  const late = setTimeout(hangUp, decisionMs);
  const giveUp = (): void => clearTimeout(late);
  socket.once("close", giveUp);
  // A server's socket stays open for its own half; who closed before speaking waits for no answer.
  socket.once("end", hangUp);
  let bytes: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
    const length = Math.min(bytes.length, preface.length);
    const may = bytes.subarray(0, length).equals(preface.subarray(0, length));
    // As long as it may be either, wait for more.
    if (may && length < preface.length) return;
    socket.off("readable", look);
    clearTimeout(late);
    socket.off("close", giveUp);
    socket.off("end", hangUp);
    socket.off("error", ignore);
    // Given back only now: each giving back makes the socket readable again.
    socket.unshift(bytes);
    decided(may);
  };
  socket.on("readable", look);
}
