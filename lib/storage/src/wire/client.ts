import { DataPlaneError } from "@flyte-dataplane/core";
import { lengthOf } from "../source.ts";
import type { WireClient, WireOptions, WireRequest, WireResponse } from "./exchange.ts";
import { NothingHeard } from "./failures.ts";
import { type Origin, parseOrigin } from "./origin.ts";
import type { Outgoing } from "./outgoing.ts";
import { Pool, type PoolOptions } from "./pool.ts";
import { createProxyRule, type Proxy, type ProxyRule } from "./proxy.ts";
import { formatRequestHead } from "./request-head.ts";
import { routeOf } from "./route.ts";
import { type ExchangeOptions, runExchange } from "./run-exchange.ts";
import { Trust } from "./trust.ts";

/** Makes a client; opens nothing yet. Throws `invalid_argument` for a proxy or an authority that cannot be read. */
export function createWireClient(options: WireOptions): WireClient {
  return new Client(options);
}

class Client implements WireClient {
  readonly #writes: "sync" | "async";
  readonly #firstByteTimeoutMs: number;
  readonly #lateAnswerTimeoutMs: number;
  readonly #proxyFor: ProxyRule;
  readonly #poolOptions: PoolOptions;
  /** By route, those of new routes last. */
  readonly #pools = new Map<string, Pool>();
  /** By the text of its origin: a client speaks to few, and to read one costs as much as to write a request. */
  readonly #ways = new Map<string, Way>();
  #closed = false;

  constructor(options: WireOptions) {
    this.#writes = options.writes;
    this.#firstByteTimeoutMs = Math.min(options.firstByteTimeoutMs ?? 60_000, longestTimerMs);
    this.#lateAnswerTimeoutMs = Math.min(
      options.lateAnswerTimeoutMs ?? options.firstByteTimeoutMs ?? 600_000,
      longestTimerMs,
    );
    this.#proxyFor = createProxyRule(options.proxy ?? {});
    this.#poolOptions = {
      trust: new Trust(options.ca),
      connectTimeoutMs: Math.min(options.connectTimeoutMs ?? 10_000, longestTimerMs),
      idleTimeoutMs: Math.min(options.idleTimeoutMs ?? 30_000, longestTimerMs),
      maxConnections: options.maxConnectionsPerOrigin ?? 64,
    };
  }

  async send(request: WireRequest): Promise<WireResponse> {
    const { origin, proxy, pool, options } = this.#way(request.origin);
    const outgoing = prepare(request, origin, proxy);
    if (this.#closed) throw new DataPlaneError("failed_precondition", "the client is closed");
    const idle = pool.takeIdle();
    const { connection, reused } =
      idle === undefined ? await pool.acquire(outgoing.signal, false) : { connection: idle, reused: true };
    try {
      return await runExchange(connection, outgoing, options);
    } catch (error) {
      if (!reused || !(error instanceof NothingHeard) || !mayRepeat(request)) throw error;
    }
    const fresh = await pool.acquire(outgoing.signal, true);
    return await runExchange(fresh.connection, outgoing, options);
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const pool of this.#pools.values()) pool.close();
    return Promise.resolve();
  }

  #way(text: string): Way {
    const known = this.#ways.get(text);
    if (known !== undefined) return known;
    const origin = parseOrigin(text);
    const proxy = this.#proxyFor(origin);
    const route = routeOf(origin, proxy);
    this.#forgetUnused();
    const pool = this.#pools.get(route.key) ?? new Pool(route, this.#poolOptions);
    this.#pools.set(route.key, pool);
    const options: ExchangeOptions = {
      writes: this.#writes,
      firstByteTimeoutMs: this.#firstByteTimeoutMs,
      lateAnswerTimeoutMs: this.#lateAnswerTimeoutMs,
      release: (connection, keepMs) => pool.release(connection, keepMs),
    };
    const way = { origin, proxy, pool, options };
    this.#ways.set(text, way);
    return way;
  }

  /**
   * Redirects and the addresses of tasks may name hosts without end. Only when there are too many is anything forgotten, and
   * then all that nobody uses: an order by last use would cost something at each request. A pool that somebody still holds
   * for a second attempt serves on; what it leaves idle closes itself.
   */
  #forgetUnused(): void {
    if (this.#ways.size < maxWays) return;
    this.#ways.clear();
    for (const [key, pool] of this.#pools) {
      if (!pool.unused) continue;
      pool.closeIdle();
      this.#pools.delete(key);
    }
  }
}

/** Origins that a client remembers before it looks whether it still needs them. */
const maxWays = 256;

/** 24 days; a timer of Node that is told to wait longer waits one millisecond. */
const longestTimerMs = 2 ** 31 - 1;

/** Where requests to an origin go. */
interface Way {
  readonly origin: Origin;
  readonly proxy: Proxy | undefined;
  readonly pool: Pool;
  readonly options: ExchangeOptions;
}

/**
 * Whether a request that may or may not have arrived can be sent again: its body is still there, and doing it twice is
 * doing it once. A write under a condition is not like that: the second would meet the first one's object.
 */
function mayRepeat({ method, headers, body }: WireRequest): boolean {
  if (body !== undefined && lengthOf(body) === undefined) return false;
  if (method === "GET" || method === "HEAD") return true;
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return (method === "PUT" || method === "DELETE") && !names.includes("if-none-match") && !names.includes("if-match");
}

function prepare(request: WireRequest, origin: Origin, proxy: Proxy | undefined): Outgoing {
  const { method, headers, body, signal, taker, answersLate = false } = request;
  const bodyLength = body === undefined ? undefined : (lengthOf(body) ?? request.length ?? "chunked");
  // Behind a tunnel the target is the origin's own; a proxy that reads the request wants to know whose.
  const forwarded = proxy !== undefined && !origin.tls;
  const authorization = forwarded ? proxy.authorization : undefined;
  if (!request.target.startsWith("/")) {
    throw new DataPlaneError("invalid_argument", 'a request that cannot be written: a target begins with "/"');
  }
  return {
    method,
    head: formatRequestHead({
      method,
      target: forwarded ? `http://${origin.hostField}${request.target}` : request.target,
      hostField: origin.hostField,
      headers: authorization === undefined ? headers : { ...headers, "proxy-authorization": authorization },
      bodyLength,
    }),
    body,
    bodyLength,
    expectsContinue: body !== undefined && Object.entries(headers).some(([name, value]) => isContinue(name, value)),
    signal,
    answersLate,
    taker: body === undefined ? taker : undefined,
  };
}

function isContinue(name: string, value: string): boolean {
  return name.toLowerCase() === "expect" && value.toLowerCase() === "100-continue";
}
