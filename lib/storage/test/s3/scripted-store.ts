import type { Driver } from "../../src/driver.ts";
import type { S3Config } from "../../src/drivers/s3/config.ts";
import { openS3Driver } from "../../src/drivers/s3/driver.ts";
import type { WireRequest } from "../../src/wire/exchange.ts";
import { wallClock } from "../file-store.ts";
import { type ScriptedAnswer, scriptedWire } from "./scripted-wire.ts";

const credentials = { accessKeyId: "AKTEST", secretAccessKey: "SKTESTSECRET" };
export const found = { etag: '"v1"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT", "content-length": "4" };

export interface Store {
  readonly driver: Driver;
  readonly sent: readonly WireRequest[];
}

/** A store whose answers no real one can be made to give. */
export function scriptedStore(
  answer: (request: WireRequest, index: number) => ScriptedAnswer,
  config: Partial<S3Config> = {},
): Store {
  const wire = scriptedWire(answer);
  const provider = () => Promise.resolve(credentials);
  const settings = { bucket: "data", endpoint: "http://store", ...config };
  return { driver: openS3Driver(settings, { clock: wallClock, wire, credentials: provider }), sent: wire.sent };
}
