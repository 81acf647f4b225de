/** The reading half of the contract over a real web server, which gives the files that a file store writes. */
import { mkdir, utimes } from "node:fs/promises";
import path from "node:path";
import {
  type FaultProxy,
  type Nginx,
  type SeenRequest,
  startFaultProxy,
  startNginx,
  startToxiproxy,
  type Toxiproxy,
} from "@flyte-dataplane/test-support";
import { afterAll, beforeAll } from "vitest";
import type { Harness } from "../../src/conformance/harness.ts";
import { describeDriver } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { openFileDriver } from "../../src/drivers/file/driver.ts";
import { openHttpDriver } from "../../src/drivers/http/driver.ts";
import { isTreeKey } from "../../src/drivers/s3/keys.ts";
import { encodeKey } from "../../src/drivers/s3/sign.ts";
import { createWireClient } from "../../src/wire/client.ts";
import { givenProgram } from "./given-programs.ts";
import { socketsTo } from "./open-sockets.ts";
import { passingFaults } from "./passing-faults.ts";
import { realClock } from "./real-clock.ts";
import { withQuickRetry } from "./s3-harness.ts";
import { slowSlices } from "./slow-slices.ts";

let nginx: Nginx;
let toxiproxy: Toxiproxy;
let slowed: string;
let broken: FaultProxy;
beforeAll(async () => {
  // A folder is no object, and leads to none.
  const locations = "location / { try_files $uri =404; }";
  nginx = await startNginx({ program: givenProgram("nginx"), locations });
  toxiproxy = await startToxiproxy({ program: givenProgram("toxiproxy") });
  slowed = await toxiproxy.before(new URL(nginx.endpoint).host, slowSlices);
  broken = await startFaultProxy(nginx.endpoint);
});
afterAll(async () => {
  await broken.close();
  await toxiproxy.stop();
  await nginx.stop();
});

let count = 0;
/** How many times each target was written, or is about to be. */
const versions = new Map<string, number>();

function openAt(origin: string): Driver {
  return openHttpDriver({ origin }, { clock: realClock, wire: createWireClient({ writes: "async" }) });
}

/** Folders of their own on the one server, read at `endpoint`. */
function webHarness(endpoint: string, wrap: (driver: Driver) => Driver = (driver) => driver): Promise<Harness> {
  let isOpen = false;
  return Promise.resolve({
    async open() {
      count += 1;
      isOpen = true;
      const root = path.join(nginx.root, count.toString());
      await mkdir(root);
      const files = openFileDriver({ root, durability: "fast" });
      return readingOver(wrap(openAt(endpoint)), { files, server: openAt(nginx.endpoint), root }, () => {
        isOpen = false;
      });
    },
    async leftovers() {
      const { held, unread } = await socketsTo(Number(new URL(endpoint).port));
      return isOpen ? unread : held;
    },
    close: () => Promise.resolve(),
  });
}

describeDriver("http on nginx", () => webHarness(nginx.endpoint));

describeDriver("http on nginx with retries", () => webHarness(nginx.endpoint, withQuickRetry));

describeDriver("http on nginx over a slow line in slices", () => webHarness(`http://${slowed}`));

describeDriver("http on nginx over a line that breaks, with retries", async () => {
  await broken.reset();
  const mayBreak = ({ method, target }: SeenRequest): boolean => method === "GET" && versions.get(target) === 1;
  for (const fault of passingFaults(mayBreak)) broken.inject(fault);
  const harness = await webHarness(broken.endpoint, withQuickRetry);
  return {
    ...harness,
    close: async () => {
      await harness.close();
      if (broken.met <= 50) throw new Error(`the line broke ${broken.met} times, which shows nothing`);
    },
  };
});

interface Written {
  /** Writes below `root`. */
  readonly files: Driver;
  /** Knows the versions, as the server calls them, past any proxy. */
  readonly server: Driver;
  readonly root: string;
}

/** Reads with `web` what was written to files. */
function readingOver(web: Driver, { files, server, root }: Written, closed: () => void): Driver {
  const folder = path.basename(root);
  /** Of keys that the file store can have; of others it says so itself. */
  const address = async (key: string): Promise<string> => {
    if (!isTreeKey(key)) await files.head(key);
    return `${folder}/${encodeKey(key)}`;
  };
  let seconds = Math.floor(Date.now() / 1000);
  return {
    scheme: web.scheme,
    capabilities: { ...files.capabilities, metadata: false, multipart: false, sign: false },
    head: async (key, options) => ({ ...(await web.head(await address(key), options)), key }),
    async get(key, options) {
      const read = await web.get(await address(key), options);
      return { ...read, info: { ...read.info, key } };
    },
    async put(key, body, options) {
      if (options?.metadata !== undefined) return await web.put(key, body, options);
      const target = `/${folder}/${encodeKey(key)}`;
      versions.set(target, (versions.get(target) ?? 0) + 1);
      const { size } = await files.put(key, body, options);
      // The server tells versions apart by second and size: two writes never share a second here.
      seconds += 1;
      await utimes(path.join(root, key), seconds, seconds);
      return { size, etag: (await server.head(await address(key))).etag };
    },
    async *list(prefix, options) {
      for await (const { key } of files.list(prefix, options)) {
        const { size, etag, modifiedAt } = await server.head(await address(key));
        yield { key, size, etag, modifiedAt };
      }
    },
    delete: (key, options) => files.delete(key, options),
    async close() {
      await web.close();
      await server.close();
      await files.close();
      closed();
    },
  };
}
