import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Forward {
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Lets Pods reach a server of the loopback at `address`. */
export async function forward(upstream: string, address: string): Promise<Forward> {
  const { hostname, port } = new URL(upstream);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const store = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    }
    client.pipe(store).pipe(client);
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    endpoint: `http://${address}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}
