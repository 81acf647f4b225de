/** A line to a server that can fall silent, as when a cable is pulled: nobody says that it is gone. */
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SilentLine {
  /** The database of before, by way of this line. */
  readonly url: string;
  /** From now on nothing passes in either direction, and nobody new gets through. */
  fallSilent(): void;
  /** The same for connections that begin from now on, once the server has said that it is ready for them. */
  fallSilentOnceReady(): void;
  /** New connections get through again; those from before stay as they are. */
  mend(): void;
  close(): Promise<void>;
}

const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const socketName = ".s.PGSQL.5432";

export async function openLine(url: string): Promise<SilentLine> {
  const directory = await mkdtemp(join(tmpdir(), "line-"));
  await chmod(directory, 0o700);
  const target = join(new URL(url).searchParams.get("host") ?? "", socketName);
  const sockets = new Set<Socket>();
  let line = { silent: false, onceReady: false };
  const server = createServer((near) => {
    const own = line;
    sockets.add(near.on("error", () => undefined));
    if (own.silent) return;
    const far = connect(target).on("error", () => undefined);
    sockets.add(far);
    near.on("data", (bytes) => own.silent || far.write(bytes)).on("close", () => far.destroy());
    far.on("data", (bytes) => {
      if (own.silent) return;
      near.write(bytes);
      // The server's last word on a new connection: Z, a length of five, idle.
      if (own.onceReady && bytes.subarray(-6).equals(readyForQuery)) own.silent = true;
    });
    far.on("close", () => own.silent || near.destroy());
  }).listen(join(directory, socketName));
  await once(server, "listening");
  return {
    url: url.replace(/host=.*/, `host=${encodeURIComponent(directory)}`),
    fallSilent: () => {
      line.silent = true;
    },
    fallSilentOnceReady: () => {
      line = { silent: false, onceReady: true };
    },
    mend: () => {
      line = { silent: false, onceReady: false };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
