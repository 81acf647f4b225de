import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/** What one connection does; it sees the bytes as they come and says what it likes. */
export type Script = (peer: ScriptedPeer, connection: number) => Promise<void> | void;

export interface ScriptedServer {
  readonly port: number;
  readonly origin: string;
  /** Connections accepted so far, and those still open. */
  readonly accepted: number;
  readonly open: number;
  /** Resolves once no connection is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/** The server's end of a connection, byte by byte. */
export class ScriptedPeer {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #arrived: Buffer[] = [];
  #wake: () => void = () => undefined;
  #ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#arrived.push(bytes);
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The next request's head, without what follows it. */
  async head(): Promise<string> {
    return await this.#until(() => this.#received.indexOf("\r\n\r\n") + 4, 4);
  }

  /** Exactly `count` bytes of what comes next. */
  async take(count: number): Promise<string> {
    return await this.#until(() => (this.#received.length >= count ? count : 0), 1, count);
  }

  say(text: string | Uint8Array): void {
    this.socket.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** A complete answer. */
  answer(body: string, headers = ""): void {
    this.say(`HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`);
  }

  /** `wanted` bytes at least have to be there before it is worth a look. */
  async #until(found: () => number, least: number, wanted = 1): Promise<string> {
    for (;;) {
      const there = this.#arrived.reduce((sum, piece) => sum + piece.length, this.#received.length);
      if (there >= wanted || this.#ended) this.#received = Buffer.concat([this.#received, ...this.#arrived.splice(0)]);
      const count = found();
      if (count >= least) {
        const text = this.#received.toString("latin1", 0, count);
        this.#received = this.#received.subarray(count);
        return text;
      }
      if (this.#ended) throw new HungUp("the client hung up");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

class HungUp extends Error {}

/** Runs `script` for each connection to a free loopback port; with `tls` behind a handshake. */
export async function startScripted(script: Script, tls?: TlsOptions): Promise<ScriptedServer> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  let whenIdle: () => void = () => undefined;
  const onConnection = (socket: Socket): void => {
    accepted += 1;
    void Promise.resolve(script(new ScriptedPeer(socket), accepted)).catch((error: unknown) => {
      if (!(error instanceof HungUp)) throw error;
    });
  };
  const server: Server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      if (sockets.size === 0) whenIdle();
    });
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
    async idle() {
      if (sockets.size === 0) return;
      await new Promise<void>((resolve) => {
        whenIdle = resolve;
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
