/**
 * A proxy that knows HTTP/1.1 just well enough to break it at a byte: what it passes on it passes verbatim, so that
 * signatures stay valid when they were made for its address.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, connect as openConnection, type Socket } from "node:net";
import { byteReader, type MessageHead, parseAnswerHead, parseRequestHead } from "./byte-reader.ts";
import { disturbAnswer, disturbRequest, HungUp } from "./disturb.ts";
import { type Fault, isRequestEffect, type SeenRequest } from "./fault.ts";
import { send } from "./send.ts";

export interface FaultProxy {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Whole requests' heads, in the order they came. */
  readonly requests: readonly SeenRequest[];
  /** Connections of clients that are open now. */
  readonly open: number;
  /** Connections of clients so far. */
  readonly accepted: number;
  /** Adds a fault; the first that fits a request meets it, the others wait. */
  inject(fault: Fault): void;
  /** Forgets faults and requests, ends connections, and listens if it does not. */
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

  const meet = (request: SeenRequest): Fault | undefined => {
    requests.push(request);
    const met = faults.find(({ fault, left }) => left > 0 && fault.when?.(request) !== false);
    if (met !== undefined) met.left -= 1;
    return met?.fault;
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
      await hangUp();
      if (!server.listening) await listen(port);
    },
    refuse,
    close: refuse,
  };
}

/** One exchange after the other, until either side ends. */
async function relay(client: Socket, store: Socket, meet: (request: SeenRequest) => Fault | undefined): Promise<void> {
  // The end of one side is the end of the other; what went wrong shows there.
  for (const [side, other] of [
    [client, store],
    [store, client],
  ] as const) {
    side.on("error", () => undefined);
    side.once("close", () => (side === client ? other.destroy() : other.end()));
  }
  const [fromClient, fromStore] = [byteReader(client), byteReader(store)];
  try {
    for (;;) {
      const raw = await fromClient.head();
      if (raw === undefined) break;
      const head = parseRequestHead(raw);
      const [method = "", target = ""] = head.start.split(" ");
      const effect = meet({ method, target })?.effect;
      const onRequest = effect !== undefined && isRequestEffect(effect) ? effect : undefined;
      const onAnswer = effect !== undefined && !isRequestEffect(effect) ? effect : undefined;
      const request = disturbRequest(onRequest, client, raw, fromClient.body(head));
      if (onRequest?.kind === "answer") {
        for await (const _piece of request) continue;
        continue;
      }
      const sending = (async () => {
        for await (const piece of request) await send(store, piece);
      })();
      const answering = (async () => {
        const { raw: answer, head: answerHead } = await finalAnswer();
        const body = fromStore.body(answerHead);
        for await (const piece of disturbAnswer(onAnswer, client, answer, body)) await send(client, piece);
        if (answerHead.framing.kind === "close") throw new HungUp();
      })();
      await Promise.all([sending, answering]);

      async function finalAnswer(): Promise<{ readonly raw: Buffer; readonly head: MessageHead }> {
        for (;;) {
          const answer = await fromStore.head();
          if (answer === undefined) throw new HungUp();
          const parsed = parseAnswerHead(answer, method);
          if (parsed.status >= 200) return { raw: answer, head: parsed };
          await send(client, answer);
        }
      }
    }
    client.end();
  } catch {
    // A side that hung up or was reset: an ordinary end here.
    if (!client.destroyed) client.end();
  } finally {
    store.destroy();
  }
}
