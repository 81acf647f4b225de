/**
 * HTTP/1.1 and cleartext HTTP/2 on one port: gRPC clients begin with HTTP/2's preface, everybody else with a method, so
 * the first bytes tell. Nothing is negotiated and no upgrade is offered.
 */
import type { Server as HttpServer, RequestListener } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";

export interface Connections {
  /** Refuses connections that said nothing yet and tells HTTP/2 callers to begin no further call. */
  close(): void;
  /** Ends every connection at once. */
  destroy(): void;
}

/** The first bytes of the preface that no HTTP/1.1 method shares. */
const preface = Buffer.from("PRI * HTTP/2");
const silenceMs = 120_000;
const probeMs = 30_000;

/** Makes `server`, which is to listen with `listener`, take both protocols. */
export function takeBothProtocols(server: HttpServer, listener: RequestListener): Connections {
  // Node's compatibility classes have what `listener` uses of the HTTP/1.1 ones.
  const listener2 = listener as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  const http2 = createHttp2Server(
    { settings: { initialWindowSize: 1 << 20, maxConcurrentStreams: 1000 }, maxSessionMemory: 100 },
    listener2,
  );
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const silent = new Set<Socket>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  // A connection that breaks the protocol is closed by Node; nobody here waits for it.
  http2.on("sessionError", () => undefined);

  const http1 = server.listeners("connection") as ((this: HttpServer, socket: Socket) => void)[];
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    silent.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      silent.delete(socket);
    });
    // No protocol here has heartbeats on an idle stream, so only TCP notices a caller whose machine is gone.
    socket.setKeepAlive(true, probeMs);
    peek(socket, (isHttp2) => {
      silent.delete(socket);
      if (isHttp2) http2.emit("connection", socket);
      else for (const take of http1) take.call(server, socket);
    });
  });
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
  socket.setTimeout(silenceMs, hangUp);
  // A server's socket stays open for its own half; who closed before speaking waits for no answer.
  socket.once("end", hangUp);
  let bytes = Buffer.alloc(0);
  const look = (): void => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    bytes = Buffer.concat([bytes, more]);
    const length = Math.min(bytes.length, preface.length);
    const may = bytes.subarray(0, length).equals(preface.subarray(0, length));
    // As long as it may be either, wait for more.
    if (may && length < preface.length) return;
    socket.off("readable", look);
    socket.setTimeout(0);
    socket.off("timeout", hangUp);
    socket.off("end", hangUp);
    socket.off("error", ignore);
    // Given back only now: each giving back makes the socket readable again.
    socket.unshift(bytes);
    decided(may);
  };
  socket.on("readable", look);
}
