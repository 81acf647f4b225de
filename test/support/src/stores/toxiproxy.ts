import { startPeerProcess } from "./peer-process.ts";
import { serverFolder } from "./store-server.ts";
import { freePort, untilReady } from "./until-ready.ts";

export interface Toxiproxy {
  /** Puts a listener of its own before `upstream` (`host:port`) and resolves to its `host:port`. */
  before(upstream: string, toxics: readonly Toxic[]): Promise<string>;
  stop(): Promise<void>;
}

/** A disturbance as the program knows it. */
export interface Toxic {
  readonly type: "latency" | "bandwidth" | "slow_close" | "timeout" | "reset_peer" | "slicer" | "limit_data";
  /** `downstream` is towards the client. */
  readonly stream: "upstream" | "downstream";
  readonly attributes: Readonly<Record<string, number>>;
}

export async function startToxiproxy({ program }: { readonly program: string }): Promise<Toxiproxy> {
  const port = await freePort();
  const directory = await serverFolder("toxiproxy");
  const server = await startPeerProcess({ program, args: ["-host", "127.0.0.1", "-port", String(port)], directory });
  const api = `http://127.0.0.1:${port}`;
  await untilReady(server, async () => (await fetch(`${api}/version`)).ok);
  let count = 0;
  return {
    async before(upstream, toxics) {
      count += 1;
      const name = `proxy-${count}`;
      const { listen } = await post(`${api}/proxies`, { name, listen: "127.0.0.1:0", upstream, enabled: true });
      for (const [index, toxic] of toxics.entries()) {
        await post(`${api}/proxies/${name}/toxics`, { name: `toxic-${index}`, toxicity: 1, ...toxic });
      }
      return String(listen);
    },
    stop: () => server.stop(),
  };
}

async function post(url: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
