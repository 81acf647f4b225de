/** Outputs by key: who may replace what, and what a reader gets. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Duration, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import {
  type DeleteCacheRequest,
  type Metadata,
  MetadataSchema,
  type PutCacheRequest,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import type { EncodedMessage } from "@flyte-dataplane/runtime/server";
import { encodeOutput } from "./encode-output.ts";
import type { Figures } from "./figures.ts";
import { outputKey, type Scope } from "./keys.ts";
import type { Lookup } from "./lookup.ts";
import { invalid } from "./request.ts";
import type { CacheStore, StoredOutput } from "./store/store.ts";

/** The output under `key` and its metadata; `not_found` when there is none, `internal` when its metadata is damaged. */
export async function getOutput(
  lookup: Lookup,
  figures: Figures,
  scope: Scope,
  key: string,
  signal: AbortSignal,
): Promise<EncodedMessage> {
  const scoped = outputKey(scope, key);
  const output = await lookup(scoped, signal);
  if (output === undefined) {
    figures.missed("absent");
    throw absent("get", scoped);
  }
  if (decode(output) === undefined) {
    figures.missed("damaged");
    throw new DataPlaneError(
      "internal",
      `get cache entry "${scoped}": its metadata cannot be decoded; put it again with overwrite`,
      { ref: scoped },
    );
  }
  figures.hit(output.lastUpdated);
  return encodeOutput(output);
}

interface Writing {
  readonly store: CacheStore;
  readonly clock: Clock;
  readonly figures: Figures;
}

/** Stores the request's output; `already_exists` when there is one that neither `overwrite` nor its age lets go. */
export async function putOutput(
  { store, clock, figures }: Writing,
  scope: Scope,
  request: PutCacheRequest,
  signal: AbortSignal,
): Promise<void> {
  const { output, overwrite } = request;
  if (output === undefined) throw invalid("put", "base_request.output is missing");
  const uri = output.output.case === "outputUri" ? output.output.value : "";
  if (uri === "") throw invalid("put", "base_request.output.output_uri is empty; outputs are stored by reference only");
  if (uri.includes("\0")) throw invalid("put", "base_request.output.output_uri holds a NUL character");
  const scoped = outputKey(scope, request.key);
  const now = clock.now();
  let outcome: "created" | "replaced" = "created";
  const written = await store.replaceOutput(
    scoped,
    (existing) => {
      outcome = existing === undefined ? "created" : "replaced";
      const replaceable =
        existing === undefined || overwrite?.overwrite === true || isOlder(existing, overwrite?.maxAge, now);
      if (!replaceable) return undefined;
      return {
        uri,
        metadata: toBinary(MetadataSchema, metadataToStore(output.metadata, existing, now)),
        lastUpdated: now,
      };
    },
    signal,
  );
  figures.put(written ? outcome : "refused");
  if (!written)
    throw new DataPlaneError(
      "already_exists",
      `put cache entry "${scoped}": there is one already; set overwrite to replace it`,
      { ref: scoped },
    );
}

export async function deleteOutput(
  store: CacheStore,
  scope: Scope,
  request: DeleteCacheRequest,
  signal: AbortSignal,
): Promise<void> {
  const scoped = outputKey(scope, request.key);
  if (!(await store.deleteOutput(scoped, signal))) throw absent("delete", scoped);
}

/** An absent limit never ages; zero and negative ones age everything. */
function isOlder(existing: StoredOutput, maxAge: Duration | undefined, now: number): boolean {
  if (maxAge === undefined) return false;
  const limitMs = Number(maxAge.seconds) * 1000 + maxAge.nanos / 1e6;
  return limitMs <= 0 || now - existing.lastUpdated > limitMs;
}

/** The writer's metadata; the first moment of creation survives replacements, the last update is always now. */
function metadataToStore(given: Metadata | undefined, existing: StoredOutput | undefined, now: number): Metadata {
  const kept = existing === undefined ? undefined : decode(existing)?.createdAt;
  return create(MetadataSchema, {
    ...given,
    createdAt: given?.createdAt ?? kept ?? timestampFromMs(now),
    lastUpdatedAt: timestampFromMs(now),
  });
}

function decode(output: StoredOutput): Metadata | undefined {
  try {
    const metadata = fromBinary(MetadataSchema, output.metadata ?? new Uint8Array());
    if (metadata.createdAt !== undefined) timestampMs(metadata.createdAt);
    return metadata;
  } catch {
    // The caller decides what damage means: an error to a reader, nothing to a writer that replaces it.
    return undefined;
  }
}

function absent(operation: string, key: string): DataPlaneError {
  return new DataPlaneError("not_found", `${operation} cache entry "${key}": there is none`, {
    ref: key,
    origin: "user",
  });
}
