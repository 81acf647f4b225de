import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type PeerProcess, startPeerProcess } from "./peer-process.ts";
import { type StoreServer, serverFolder, storeServer, testCredentials } from "./store-server.ts";
import { freePort } from "./until-ready.ts";

const run = promisify(execFile);

/**
 * Ceph's S3 gateway on a cluster of one monitor and one store that keeps its objects in memory: a key space that is flat
 * indeed. Takes 15 to 25 s. `program` is `radosgw`; its siblings `ceph`, `ceph-mon`, `ceph-osd`, `monmaptool` and
 * `radosgw-admin` are found through the PATH.
 */
export async function startRadosGateway({ program }: { readonly program: string }): Promise<StoreServer> {
  const folder = await serverFolder("radosgw");
  const config = await writeConfig(folder);
  const started: PeerProcess[] = [];
  const start = async (command: string, args: readonly string[]): Promise<PeerProcess> => {
    // The first one started is the last to go and takes the folder along.
    const directory = started.length === 0 ? { directory: folder } : {};
    const peer = await startPeerProcess({ program: command, args: ["-c", config, ...args, "-f"], ...directory });
    started.push(peer);
    return peer;
  };
  const stop = async (): Promise<void> => {
    for (const peer of started.reverse()) await peer.stop();
  };
  const call = async (command: string, ...args: string[]): Promise<string> =>
    (await run(command, ["-c", config, ...args])).stdout;

  try {
    await call("ceph-mon", "--mkfs", "-i", "a", "--monmap", path.join(folder, "monmap"));
    await start("ceph-mon", ["-i", "a"]);
    const osd = randomUUID();
    await call("ceph", "--connect-timeout", "60", "osd", "new", osd);
    await call("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd);
    await start("ceph-osd", ["-i", "0"]);
    const { accessKeyId, secretAccessKey } = testCredentials;
    const user = ["user", "create", "--uid=test", "--display-name=test", "--max-buckets=0"];
    await call("radosgw-admin", ...user, `--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`);
    const port = await freePort();
    const gateway = await start(program, ["-n", "client.gateway", `--rgw-frontends=beast endpoint=127.0.0.1:${port}`]);
    const endpoint = `http://127.0.0.1:${port}`;
    return await storeServer({ name: "radosgw", endpoint, peer: gateway, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function writeConfig(folder: string): Promise<string> {
  const [monitor, cluster] = [`127.0.0.1:${await freePort()}`, randomUUID()];
  for (const data of ["mon", "osd", "run"]) await mkdir(path.join(folder, data));
  const settings = {
    fsid: cluster,
    "mon host": `[v2:${monitor}]`,
    "auth cluster required": "none",
    "auth service required": "none",
    "auth client required": "none",
    // Its default is encrypted, which needs the authentication that is switched off here.
    "ms mon client mode": "crc",
    "public addr": "127.0.0.1",
    "cluster addr": "127.0.0.1",
    "mon data": path.join(folder, "mon"),
    "osd data": path.join(folder, "osd"),
    "rgw data": folder,
    "run dir": path.join(folder, "run"),
    "admin socket": path.join(folder, "run", "$name.asok"),
    "log file": path.join(folder, "$name.log"),
    "mon cluster log file": path.join(folder, "cluster.log"),
    "mon pg warn min per osd": "0",
    "mon allow pool size one": "true",
    "mon warn on insecure global id reclaim": "false",
    // One store on one machine has to do.
    "osd pool default size": "1",
    "osd pool default min size": "1",
    "osd pool default pg num": "4",
    "osd crush chooseleaf type": "0",
    "osd objectstore": "memstore",
    "memstore device bytes": String(4 * 1024 ** 3),
    "osd max object name len": "2048",
    "rgw enable usage log": "false",
    "rgw thread pool size": "64",
  };
  const config = path.join(folder, "ceph.conf");
  await writeFile(
    config,
    `[global]\n${Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join("")}`,
  );
  const map = path.join(folder, "monmap");
  await run("monmaptool", ["--create", "--fsid", cluster, "--addv", "a", `[v2:${monitor}]`, map]);
  return config;
}
