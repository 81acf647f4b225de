import { DataPlaneError } from "@flyte-dataplane/core";
import { throwIfAborted } from "../abortable.ts";
import { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import { Idle } from "./idle.ts";
import { Inlet } from "./inlet.ts";
import type { Route } from "./route.ts";
import type { Trust } from "./trust.ts";
import { WaitingLine } from "./waiting-line.ts";

export interface PoolOptions {
  readonly trust: Trust;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
}

export interface Loan {
  readonly connection: Connection;
  /** It served before, so the peer may be closing it at this moment. */
  readonly reused: boolean;
}

/** The connections of one route: at most so many, the one used last first, and whoever has to wait is served in order. */
export class Pool {
  readonly #route: Route;
  readonly #options: PoolOptions;
  /** Oldest first. */
  #idle: Idle[] = [];
  /** For a connection, or for the right to open one (undefined). */
  readonly #waiting = new WaitingLine<Connection | undefined>();
  /** Connections that are open or being opened. */
  #count = 0;
  #closed = false;
  #settling: NodeJS.Immediate | undefined;

  constructor(route: Route, options: PoolOptions) {
    this.#route = route;
    this.#options = options;
  }

  /** A connection that served before, the caller's own until `release`; undefined where none is free. */
  takeIdle(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.take()) return idle.connection;
    }
    return undefined;
  }

  /** A connection of the caller's own until `release`; no idle one if `fresh`. Rejects as `dial`. */
  async acquire(signal: AbortSignal | undefined, fresh: boolean): Promise<Loan> {
    throwIfAborted(signal);
    if (this.#closed) throw closedClient();
    // Where one of them just turned out to be dead the others are doubtful too, and they hold places.
    if (fresh) this.closeIdle();
    const idle = this.takeIdle();
    if (idle !== undefined) return { connection: idle, reused: true };
    if (this.#count >= this.#options.maxConnections) {
      const handed = await this.#waiting.wait(signal);
      if (handed !== undefined) return { connection: handed, reused: true };
    } else {
      this.#count += 1;
    }
    return { connection: await this.#open(signal), reused: false };
  }

  /** Takes a connection back; it may stay idle for `keepMs`, and is closed if that is 0. */
  release(connection: Connection, keepMs: number): void {
    if (keepMs <= 0 || this.#closed || !connection.usable) {
      connection.close();
      return;
    }
    const idle = new Idle(connection, keepMs);
    if (this.#waiting.length > 0 && idle.take()) this.#waiting.serve(connection);
    else this.#keep(idle);
  }

  /** Nobody has one of its connections, or waits for one. */
  get unused(): boolean {
    return this.#count === this.#idle.length && this.#waiting.length === 0;
  }

  /** Closes what is idle; whoever waits is refused. */
  close(): void {
    this.#closed = true;
    this.closeIdle();
    this.#waiting.refuse(closedClient());
  }

  closeIdle(): void {
    for (const { connection } of this.#idle) connection.close();
    this.#idle = [];
  }

  /** Most connections are used again before this turn of the event loop is over: those are spared the rest. */
  #keep(idle: Idle): void {
    this.#idle.push(idle);
    if (this.#settling !== undefined) return;
    this.#settling = setImmediate(() => {
      this.#settling = undefined;
      for (const left of this.#idle) left.rest();
    });
  }

  /** Its place is counted already. */
  async #open(signal: AbortSignal | undefined): Promise<Connection> {
    const { trust, connectTimeoutMs, idleTimeoutMs } = this.#options;
    const inlet = new Inlet();
    try {
      const socket = await dial(this.#route, { inlet, trust, timeoutMs: connectTimeoutMs, signal });
      const connection: Connection = new Connection(socket, inlet, this.#route.origin.peer, idleTimeoutMs, () => {
        this.#idle = this.#idle.filter((idle) => idle.connection !== connection);
        this.#free();
      });
      return connection;
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  #free(): void {
    if (this.#waiting.length > 0) this.#waiting.serve(undefined);
    else this.#count -= 1;
  }
}

function closedClient(): DataPlaneError {
  return new DataPlaneError("failed_precondition", "the client is closed");
}
