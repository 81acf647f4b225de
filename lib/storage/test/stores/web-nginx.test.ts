/** The reading half of the contract over a real web server, which gives the files that a file store writes. */
import { mkdir, utimes } from "node:fs/promises";
import path from "node:path";
import { type Nginx, startNginx } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll } from "vitest";
import { describeDriver } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { openFileDriver } from "../../src/drivers/file/driver.ts";
import { openHttpDriver } from "../../src/drivers/http/driver.ts";
import { isTreeKey } from "../../src/drivers/s3/keys.ts";
import { encodeKey } from "../../src/drivers/s3/sign.ts";
import { createWireClient } from "../../src/wire/client.ts";
import { givenProgram } from "./given-programs.ts";
import { socketsTo } from "./open-sockets.ts";
import { realClock } from "./real-clock.ts";

let nginx: Nginx;
beforeAll(async () => {
  // A folder is no object, and leads to none.
  const locations = "location / { try_files $uri =404; }";
  nginx = await startNginx({ program: givenProgram("nginx"), locations });
});
afterAll(() => nginx.stop());

describeDriver("http on nginx", () => {
  let count = 0;
  let isOpen = false;
  return Promise.resolve({
    async open() {
      count += 1;
      isOpen = true;
      const root = path.join(nginx.root, count.toString());
      await mkdir(root);
      const web = openHttpDriver(
        { origin: nginx.endpoint },
        { clock: realClock, wire: createWireClient({ writes: "async" }) },
      );
      return readingOver(web, openFileDriver({ root, durability: "fast" }), root, () => {
        isOpen = false;
      });
    },
    async leftovers() {
      const { held, unread } = await socketsTo(Number(new URL(nginx.endpoint).port));
      return isOpen ? unread : held;
    },
    close: () => Promise.resolve(),
  });
});

/** Reads over HTTP what `files` writes below `root`. */
function readingOver(web: Driver, files: Driver, root: string, closed: () => void): Driver {
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
      const { size } = await files.put(key, body, options);
      // The server tells versions apart by second and size: two writes never share a second here.
      seconds += 1;
      await utimes(path.join(root, key), seconds, seconds);
      return { size, etag: (await web.head(await address(key))).etag };
    },
    async *list(prefix, options) {
      for await (const { key } of files.list(prefix, options)) {
        const { size, etag, modifiedAt } = await web.head(await address(key));
        yield { key, size, etag, modifiedAt };
      }
    },
    delete: (key, options) => files.delete(key, options),
    async close() {
      await web.close();
      await files.close();
      closed();
    },
  };
}
