import { createHmac, hash } from "node:crypto";
import type { S3Credentials } from "./credentials/credentials.ts";
import { HmacKey } from "./hmac-key.ts";

/** When and for what a signature holds. */
export interface Scope {
  /** `20260102T030405Z` */
  readonly moment: string;
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** `20260102/us-east-1/s3/aws4_request` */
  readonly text: string;
}

/** Many requests are signed within a second, and this text costs as much as a hash. */
let latest = { second: Number.NaN, scope: { moment: "", day: "", region: "", service: "", text: "" } };

export function scopeOf(now: number, region: string, service: string): Scope {
  const second = Math.floor(now / 1000);
  const { scope } = latest;
  if (latest.second === second && scope.region === region && scope.service === service) return scope;
  const moment = new Date(second * 1000).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = moment.slice(0, 8);
  latest = { second, scope: { moment, day, region, service, text: `${day}/${region}/${service}/aws4_request` } };
  return latest.scope;
}

/** In hexadecimal digits. */
export function signature(algorithm: string, credentials: S3Credentials, scope: Scope, canonical: string): string {
  const text = `${algorithm}\n${scope.moment}\n${scope.text}\n${hash("sha256", canonical)}`;
  return signingKey(credentials, scope).sign(text);
}

/** Two days around midnight, for a handful of regions. */
const keptScopes = 16;

/** Kept by the credentials object itself, so that a secret that was rotated away leaves nothing behind. */
const derived = new WeakMap<S3Credentials, Map<string, HmacKey>>();

function signingKey(credentials: S3Credentials, scope: Scope): HmacKey {
  const known = derived.get(credentials);
  const key = known?.get(scope.text);
  if (key !== undefined) return key;
  const keys = known === undefined || known.size >= keptScopes ? new Map<string, HmacKey>() : known;
  const made = deriveKey(credentials.secretAccessKey, scope);
  keys.set(scope.text, made);
  derived.set(credentials, keys);
  return made;
}

function deriveKey(secret: string, scope: Scope): HmacKey {
  const day = createHmac("sha256", `AWS4${secret}`).update(scope.day).digest();
  const region = createHmac("sha256", day).update(scope.region).digest();
  const service = createHmac("sha256", region).update(scope.service).digest();
  return new HmacKey(createHmac("sha256", service).update("aws4_request").digest());
}
