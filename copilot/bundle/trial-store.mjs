// @ts-check
// A store on this machine's loopback for the runs that are made to be compiled: it has what it is asked for.
import { createServer } from "node:http";

const modified = new Date(0).toUTCString();

/**
 * @param {Readonly<Record<string, Uint8Array>>} objects by their paths, `/bucket/key`
 * @returns {Promise<{ endpoint: string, close: () => void }>}
 */
export async function startTrialStore(objects) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://store");
      const body = objects[decodeURIComponent(pathname)];
      if (request.method === "PUT") response.writeHead(200, { etag: '"0"' }).end();
      else if (request.method === "DELETE") response.writeHead(204).end();
      else if (searchParams.has("list-type"))
        response.end(listing(Object.entries(objects), pathname, searchParams.get("prefix") ?? ""));
      else if (body === undefined) response.writeHead(404).end();
      else
        response
          .writeHead(200, { "content-length": body.byteLength, etag: '"0"', "last-modified": modified })
          .end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the trial store has no port");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint: `http://127.0.0.1:${address.port}`, close };
}

/**
 * @param {readonly (readonly [string, Uint8Array])[]} objects
 * @param {string} bucket with slashes around it, or without the last
 * @param {string} prefix
 * @returns {string} the XML of a listing's only page
 */
function listing(objects, bucket, prefix) {
  const start = `${bucket.replace(/\/$/, "")}/`;
  const found = objects.filter(([path]) => path.startsWith(start + prefix));
  const entries = found.map(
    ([path, { byteLength }]) =>
      `<Contents><Key>${path.slice(start.length)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
      `<ETag>&quot;0&quot;</ETag><Size>${byteLength}</Size></Contents>`,
  );
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${entries.join("")}</ListBucketResult>`;
}
