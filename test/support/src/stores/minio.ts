import { readdir } from "node:fs/promises";
import path from "node:path";
import { startPeerProcess } from "./peer-process.ts";
import { type StartOptions, type StoreServer, serverFolder, storeServer, testCredentials } from "./store-server.ts";
import { freePort } from "./until-ready.ts";

/** The strictest of the servers: signatures, expiry, checksums, conditions, session tokens. */
export async function startMinio({ program, directory, region, env }: StartOptions): Promise<StoreServer> {
  const folder = await serverFolder("minio");
  const objects = directory ?? path.join(folder, "objects");
  const port = await freePort();
  const server = await startPeerProcess({
    program,
    args: ["server", "--quiet", "--address", `127.0.0.1:${port}`, "--console-address", "127.0.0.1:0", objects],
    env: {
      MINIO_ROOT_USER: testCredentials.accessKeyId,
      MINIO_ROOT_PASSWORD: testCredentials.secretAccessKey,
      MINIO_BROWSER: "off",
      MINIO_UPDATE: "off",
      // Lets one folder of an ordinary file system be a store.
      MINIO_CI_CD: "1",
      ...(region !== undefined && { MINIO_SITE_REGION: region }),
      ...env,
    },
    directory: folder,
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return await storeServer({
    name: "minio",
    endpoint,
    region,
    peer: server,
    uploads: () => uploadFolders(path.join(objects, ".minio.sys", "multipart")),
    stop: () => server.stop(),
  });
}

/** Its answer to a question for uploads needs their exact key; its folder tells of all, one per upload below one per key. */
async function uploadFolders(multipart: string): Promise<readonly string[]> {
  const found = await readdir(multipart, { recursive: true, withFileTypes: true }).catch(() => []);
  const parts = found.filter((entry) => entry.isFile()).map((entry) => path.relative(multipart, entry.parentPath));
  return [...new Set(parts.map((part) => `upload: ${part.split(path.sep).slice(0, 2).join("/")}`))];
}
