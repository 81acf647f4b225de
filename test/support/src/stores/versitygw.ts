import { mkdir } from "node:fs/promises";
import path from "node:path";
import { startPeerProcess } from "./peer-process.ts";
import { type StartOptions, type StoreServer, serverFolder, storeServer, testCredentials } from "./store-server.ts";
import { freePort } from "./until-ready.ts";

/** S3 over a folder: quick to start. It stores a body that is cut off as if it were whole. */
export async function startVersitygw({ program, directory }: StartOptions): Promise<StoreServer> {
  const folder = await serverFolder("versitygw");
  const objects = directory ?? path.join(folder, "objects");
  await mkdir(objects, { recursive: true });
  const port = await freePort();
  const { accessKeyId, secretAccessKey } = testCredentials;
  const server = await startPeerProcess({
    program,
    args: [
      `--port=127.0.0.1:${port}`,
      `--access=${accessKeyId}`,
      `--secret=${secretAccessKey}`,
      "--quiet",
      // Else it closes the connection after each answer.
      "--keep-alive",
      "posix",
      objects,
    ],
    directory: folder,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return await storeServer({ name: "versitygw", endpoint, peer: server, stop: () => server.stop() });
}
