/**
 * A proxy that knows HTTP/1.1 just well enough to break it at a byte: what it passes on it passes verbatim, so that
 * signatures stay valid when they were made for its address.
 */
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer, connect as openConnection, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { type ByteReader, byteReader, type MessageHead, parseAnswerHead, parseRequestHead } from "./byte-reader.ts";
import { disturbAnswer, disturbRequest, HungUp } from "./disturb.ts";
import { type Fault, isRequestEffect, type SeenRequest } from "./fault.ts";
import { send } from "./send.ts";

export interface FaultProxy {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Whole requests' heads, in the order they came. */
  readonly requests: readonly SeenRequest[];
  /** Requests that met a fault; a test whose fault met none has shown nothing. */
  readonly met: number;
  /** Connections of clients that are open now. */
  readonly open: number;
  /** Connections of clients so far. */
  readonly accepted: number;
  /** Adds a fault; the first that fits a request meets it, the others wait. */
  inject(fault: Fault): void;
  /** Forgets faults, requests and how many met, ends connections, and listens if it does not. */
  reset(): Promise<void>;
  /** New connections are refused until `reset`, and those there are end. */
  refuse(): Promise<void>;
  close(): Promise<void>;
}

/** `upstream` is `http://HOST:PORT`. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const { hostname, port: upstreamPort } = new URL(upstream);
  const clients = new Set<Socket>();
  const requests: SeenRequest[] = [];
  const faults: { readonly fault: Fault; left: number }[] = [];
  let accepted = 0;
  let met = 0;

  const meet = (request: SeenRequest): Fault | undefined => {
    requests.push(request);
    const found = faults.find(({ fault, left }) => left > 0 && fault.when?.(request) !== false);
    if (found === undefined) return undefined;
    found.left -= 1;
    met += 1;
    return found.fault;
  };
  const server = createServer({ noDelay: true }, (client) => {
    accepted += 1;
    clients.add(client);
    client.once("close", () => clients.delete(client));
    const store = openConnection({ host: hostname, port: Number(upstreamPort), noDelay: true });
    void relay(client, store, meet);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const hangUp = async (): Promise<void> => {
    await Promise.all(
      [...clients].map((client) => {
        const closed = once(client, "close");
        client.destroy();
        return closed;
      }),
    );
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    await hangUp();
    if (server.listening) await once(server, "close");
  };

  const port = await listen(0);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    get met() {
      return met;
    },
    get open() {
      return clients.size;
    },
    get accepted() {
      return accepted;
    },
    inject(fault) {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    async reset() {
      faults.length = 0;
      requests.length = 0;
      met = 0;
      await hangUp();
      if (!server.listening) await listen(port);
    },
    refuse,
    close: refuse,
  };
}

type Meet = (request: SeenRequest) => Fault | undefined;

/** One exchange after the other, until either side ends. */
async function relay(client: Socket, store: Socket, meet: Meet): Promise<void> {
  let exchanging = false;
  // What went wrong with a side shows in the other.
  client.on("error", () => undefined);
  store.on("error", () => undefined);
  client.once("close", () => store.destroy());
  store.once("close", () => {
    if (!exchanging) client.end();
  });
  const [fromClient, fromStore] = [byteReader(client), byteReader(store)];
  try {
    for (let raw = await fromClient.head(); raw !== undefined; raw = await fromClient.head()) {
      exchanging = true;
      await exchange({ client, fromClient, store, fromStore }, raw, meet);
      exchanging = false;
      if (store.destroyed) break;
    }
  } catch {
    // A side that hung up or was reset: an ordinary end here.
  } finally {
    if (!client.destroyed) client.end();
    store.destroy();
  }
}

interface Sides {
  readonly client: Socket;
  readonly fromClient: ByteReader;
  readonly store: Socket;
  readonly fromStore: ByteReader;
}

/** Rejects where nothing more can follow on these connections. */
async function exchange({ client, fromClient, store, fromStore }: Sides, raw: Buffer, meet: Meet): Promise<void> {
  const head = parseRequestHead(raw);
  const [method = "", target = ""] = head.start.split(" ");
  const effect = meet({ method, target, headers: head.headers })?.effect;
  const onRequest = effect !== undefined && isRequestEffect(effect) ? effect : undefined;
  const onAnswer = effect !== undefined && !isRequestEffect(effect) ? effect : undefined;
  const request = disturbRequest(onRequest, client, raw, fromClient.body(head));
  if (onRequest?.kind === "answer") {
    for await (const _piece of request) continue;
    return;
  }
  let whole = false;
  let answered = false;
  const sending = (async () => {
    try {
      for await (const piece of request) {
        // A server that refuses early reads no further; a write that it resets would take its answer along.
        await setImmediate();
        if (answered) return;
        await send(store, piece);
      }
      whole = true;
    } catch (error) {
      // A server that ended early may have said why: that is read on. An end of ours lets nobody wait.
      if (error instanceof HungUp) store.destroy();
    }
  })();
  const answering = (async () => {
    const answer = await finalAnswer(fromStore, method, (interim) => send(client, interim));
    answered = true;
    const body = fromStore.body(answer.head);
    for await (const piece of disturbAnswer(onAnswer, client, answer.raw, body)) await send(client, piece);
    if (answer.head.framing.kind === "close") throw new HungUp();
  })();
  await Promise.all([sending, answering]);
  if (!whole) throw new HungUp();
}

interface Answer {
  readonly raw: Buffer;
  readonly head: MessageHead;
}

async function finalAnswer(
  from: ByteReader,
  method: string,
  passOn: (interim: Buffer) => Promise<void>,
): Promise<Answer> {
  for (;;) {
    const raw = await from.head();
    if (raw === undefined) throw new HungUp();
    const head = parseAnswerHead(raw, method);
    if (head.status >= 200) return { raw, head };
    await passOn(raw);
  }
}
