/** Faults that come from within the process of a transfer, where no line can be cut. Nothing here knows of tests. */
import type { Driver, GetOptions, ReadResult } from "../../../src/driver.ts";
import { chunksOf } from "../../../src/source.ts";
import type { Operation } from "./operations.ts";

/** `driver`, for which `act` happens once, when the operation's victim has moved `at` bytes; with 0 before it is opened. */
export function actingInside(driver: Driver, operation: Operation, at: number, act: () => Promise<void>): Driver {
  const { victimKey, victimOffset, name } = operation;
  let done = false;
  const once = async (): Promise<void> => {
    if (done) return;
    done = true;
    await act();
  };
  const isVictim = (key: string, offset: number | undefined): boolean =>
    !done && key === victimKey && offset === victimOffset;
  const { multipart, signer } = driver;
  return {
    scheme: driver.scheme,
    capabilities: driver.capabilities,
    ...(signer !== undefined && { signer }),
    ...(multipart !== undefined && {
      multipart: {
        limits: multipart.limits,
        create: (key, options) => multipart.create(key, options),
        async putPart(upload, number, body, options) {
          if (name === "multipart put" && number === 2) await once();
          return await multipart.putPart(upload, number, body, options);
        },
        complete: (upload, parts, options) => multipart.complete(upload, parts, options),
        abort: (upload, options) => multipart.abort(upload, options),
      },
    }),
    head: (key, options) => driver.head(key, options),
    async get(key: string, options: GetOptions = {}): Promise<ReadResult> {
      const meets = isVictim(key, options.range?.offset);
      if (meets && at === 0) await once();
      const { info, body, toFile } = await driver.get(key, options);
      if (meets) return { info, body: acting(body, at, once) };
      return { info, body, ...(toFile !== undefined && { toFile }) };
    },
    put: (key, body, options) =>
      driver.put(key, isVictim(key, undefined) ? acting(chunksOf(body), at, once) : body, options),
    async *list(prefix, options) {
      for await (const info of driver.list(prefix, options)) {
        yield info;
        if (name === "list" && info.key === victimKey) await once();
      }
    },
    delete: (key, options) => driver.delete(key, options),
    close: () => driver.close(),
  };
}

async function* acting(
  body: AsyncIterable<Uint8Array>,
  at: number,
  act: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let seen = 0;
  for await (const chunk of body) {
    const split = Math.min(chunk.byteLength, Math.max(0, at - seen));
    seen += chunk.byteLength;
    if (seen < at) {
      yield chunk;
      continue;
    }
    if (split > 0) yield chunk.subarray(0, split);
    await act();
    if (split < chunk.byteLength) yield chunk.subarray(split);
  }
}
