import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { startPeerProcess } from "./peer-process.ts";
import { serverFolder } from "./store-server.ts";
import { freePort, untilReady } from "./until-ready.ts";

export interface Nginx {
  /** `http://127.0.0.1:PORT`. A request whose target is a whole address is answered as one for its path: a proxy, too. */
  readonly endpoint: string;
  /** The folder whose files it gives. */
  readonly root: string;
  stop(): Promise<void>;
}

export interface NginxOptions {
  /** Path of the server's program. */
  readonly program: string;
  /** The `location` blocks of its one server, in its own language. */
  readonly locations: string;
  /** What it gives as they are, by name. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

export async function startNginx({ program, locations, files = {} }: NginxOptions): Promise<Nginx> {
  const directory = await serverFolder("nginx");
  const port = await freePort();
  const root = path.join(directory, "files");
  await mkdir(root);
  // Without rights of its own it reads what everybody may read.
  await chmod(directory, 0o755);
  for (const [name, bytes] of Object.entries(files)) await writeFile(path.join(root, name), bytes);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${directory}/${kind};`,
  );
  const config = path.join(directory, "nginx.conf");
  await writeFile(
    config,
    `daemon off; master_process off; pid ${directory}/pid;
events { worker_connections 256; }
http {
  access_log off; default_type application/octet-stream; ${temporary.join(" ")}
  server { listen 127.0.0.1:${port}; root ${root}; location = /ready { keepalive_timeout 0; return 204; } ${locations} }
}
`,
  );
  const args = ["-p", directory, "-c", config, "-e", "stderr"];
  const server = await startPeerProcess({ program, args, directory });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilReady(server, async () => (await fetch(`${endpoint}/ready`)).status === 204);
  return { endpoint, root, stop: () => server.stop() };
}
