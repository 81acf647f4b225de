import { Readable } from "node:stream";
import type { Logger } from "@flyte-dataplane/core";
import type { Service } from "@flyte-dataplane/runtime/server";
import { type Stores, serveSignedFile, signedFilesPath } from "@flyte-dataplane/storage";

/** Answers the links that the file driver signed: on a laptop this server is the object store. */
export function signedFilesRoute(stores: Stores, logger: Logger): NonNullable<Service["http"]> {
  return (app) => {
    void app.register(async (scope) => {
      // Bodies are read by the store as they come, whatever their type and size.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
      scope.route({
        method: ["GET", "HEAD", "PUT"],
        url: `${signedFilesPath}*`,
        exposeHeadRoute: false,
        config: { open: true },
        handler: async (request, reply) => {
          const leaving = new AbortController();
          reply.raw.once("close", () => leaving.abort());
          // A caller may be gone before its request gets here.
          if (reply.raw.destroyed) leaving.abort();
          const answer = await serveSignedFile(stores, {
            method: request.method,
            url: request.raw.url ?? "",
            headers: request.headers,
            body: request.raw,
            signal: leaving.signal,
          });
          if (answer.error !== undefined && answer.status >= 500)
            logger.warn({ error: answer.error, status: answer.status }, "signed file not served");
          return reply
            .code(answer.status)
            .headers(answer.headers)
            .send(Readable.from(copies(answer.body), { objectMode: false }));
        },
      });
    });
  };
}

/** A stream holds several chunks at once, the store lends one at a time. The copy costs less than a tenth of the read. */
async function* copies(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  for await (const chunk of body) yield Buffer.from(chunk);
}
