/** The behaviour of the service as its clients see it; every store runs it. */
import { create, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type CacheStore, createCacheService } from "@flyte-dataplane/cache-service";
import type { Clock, Logger } from "@flyte-dataplane/core";
import {
  CacheService as CacheServiceV1,
  MetadataSchema,
} from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { createMetrics, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createServer, directTransport, type Service } from "@flyte-dataplane/runtime/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

export interface StoreHarness {
  readonly store: CacheStore;
  /** Writes a row's metadata as another program might have left it. */
  damageMetadata(key: string, bytes: Uint8Array | null): Promise<void>;
  close(): Promise<void>;
}

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const identifier = { org: "", project: "flytesnacks", domain: "development" };

interface Reached {
  readonly transport: Transport;
  close(): Promise<void>;
}

const ways: readonly { readonly name: string; reach(service: Service): Promise<Reached> }[] = [
  {
    name: "in process",
    reach: async (service) => ({
      transport: directTransport(service.rpc, { logger: silent, freeze: true }),
      close: async () => undefined,
    }),
  },
  {
    name: "by RPC",
    reach: async (service) => {
      const options = { host: "localhost", port: 0, clock: systemClock, logger: silent, metrics: createMetrics() };
      const server = await createServer({ services: [{ name: service.name, rpc: service.rpc }], ...options });
      const baseUrl = `http://localhost:${server.port}`;
      return { transport: createConnectTransport({ baseUrl, httpVersion: "1.1" }), close: () => server.close() };
    },
  },
];

class TestClock implements Clock {
  time = Date.UTC(2026, 0, 1);
  now(): number {
    return this.time;
  }
  async sleep(): Promise<void> {
    throw new Error("nothing here sleeps");
  }
}

/** The suite, for callers in the same process and for those beyond a socket. */
export function describeCacheService(name: string, open: () => Promise<StoreHarness>): void {
  describe.each(ways)(`cache service over the ${name} store, $name`, ({ reach }) => {
    const clock = new TestClock();
    let harness: StoreHarness;
    let reached: Reached;
    let client: Client<typeof CacheService>;
    let clientV1: Client<typeof CacheServiceV1>;
    let keys = 0;
    const nextKey = (): string => `key-${++keys}`;

    beforeAll(async () => {
      harness = await open();
      const config = { maxReservationHeartbeat: 10_000, heartbeatGracePeriodMultiplier: 3 };
      const service = createCacheService({ config, store: harness.store, clock, metrics: createMetrics() });
      reached = await reach(service);
      client = createClient(CacheService, reached.transport);
      clientV1 = createClient(CacheServiceV1, reached.transport);
    });
    afterAll(async () => {
      await reached.close();
      await harness.close();
    });

    // The item is the whole suite, over either store and either way; one test of it carries the tag.
    test("what was put is found, kept and deleted, whichever way and wherever it is stored [cache B38]", async () => {
      const key = nextKey();
      await put(key, "/one");
      expect((await get(key))?.output).toEqual({ case: "outputUri", value: "/one" });
      await expect(put(key, "/two")).rejects.toMatchObject({ code: 6 });
      await client.delete({ identifier, baseRequest: { key } });
      await expect(get(key)).rejects.toMatchObject({ code: 5 });
    });

    const put = (
      key: string,
      uri: string,
      more: Partial<{
        overwrite: { overwrite?: boolean; maxAge?: ReturnType<typeof durationFromMs> };
        createdAt: number;
        keys: Record<string, string>;
      }> = {},
    ) =>
      client.put({
        identifier,
        baseRequest: {
          key,
          output: {
            output: { case: "outputUri", value: uri },
            metadata: {
              sourceIdentifier: { name: "t", version: "v", project: "p", domain: "d" },
              keyMap: { values: more.keys ?? { a: "1" } },
              ...(more.createdAt === undefined ? {} : { createdAt: timestampFromMs(more.createdAt) }),
              lastUpdatedAt: timestampFromMs(1),
            },
          },
          ...(more.overwrite === undefined ? {} : { overwrite: more.overwrite }),
        },
      });
    const get = async (key: string) => (await client.get({ identifier, baseRequest: { key } })).output;
    const reserve = async (key: string, ownerId: string, heartbeatMs?: number) =>
      (
        await client.getOrExtendReservation({
          identifier,
          baseRequest: {
            key,
            ownerId,
            ...(heartbeatMs === undefined ? {} : { heartbeatInterval: durationFromMs(heartbeatMs) }),
          },
        })
      ).reservation;

    test("version 1 of the service answers unimplemented [cache 3]", async () => {
      await expect(clientV1.get({ key: "k" })).rejects.toMatchObject({ code: 12 });
    });

    test("an empty organisation finds the row [cache 4]", async () => {
      const key = nextKey();
      await put(key, "/o");
      expect(
        (await client.get({ identifier: { ...identifier, org: "" }, baseRequest: { key } })).output?.output.value,
      ).toBe("/o");
    });

    test("a request without identifier has empty project and domain [cache 5,26]", async () => {
      const key = nextKey();
      await client.put({ baseRequest: { key, output: { output: { case: "outputUri", value: "/o" } } } });
      const stored = await harness.store.outputs([`--${key}`], new AbortController().signal);
      expect(stored.get(`--${key}`)?.uri).toBe("/o");
      expect((await client.get({ baseRequest: { key } })).output?.output.value).toBe("/o");
    });

    test("a missing base_request is invalid for every method [cache 6]", async () => {
      for (const call of [
        client.get,
        client.put,
        client.delete,
        client.getOrExtendReservation,
        client.releaseReservation,
      ]) {
        await expect(call({ identifier })).rejects.toMatchObject({ code: 3 });
      }
    });

    test("an empty key is invalid for every method [cache 7]", async () => {
      const baseRequest = { key: "", ownerId: "me" };
      await expect(client.get({ identifier, baseRequest: { key: "" } })).rejects.toMatchObject({ code: 3 });
      await expect(client.put({ identifier, baseRequest: { key: "" } })).rejects.toMatchObject({ code: 3 });
      await expect(client.delete({ identifier, baseRequest: { key: "" } })).rejects.toMatchObject({ code: 3 });
      await expect(client.getOrExtendReservation({ identifier, baseRequest })).rejects.toMatchObject({ code: 3 });
      await expect(client.releaseReservation({ identifier, baseRequest })).rejects.toMatchObject({ code: 3 });
    });

    test("an empty owner is invalid for both reservation methods [cache 8]", async () => {
      const baseRequest = { key: "k", ownerId: "" };
      await expect(client.getOrExtendReservation({ identifier, baseRequest })).rejects.toMatchObject({ code: 3 });
      await expect(client.releaseReservation({ identifier, baseRequest })).rejects.toMatchObject({ code: 3 });
    });

    test("a put without a reference to its output is invalid [cache 9,10]", async () => {
      await expect(client.put({ identifier, baseRequest: { key: "k" } })).rejects.toMatchObject({ code: 3 });
      const literals = { output: { case: "outputLiterals" as const, value: { literals: {} } } };
      await expect(client.put({ identifier, baseRequest: { key: "k", output: literals } })).rejects.toMatchObject({
        code: 3,
      });
      await expect(put("k", "")).rejects.toMatchObject({ code: 3 });
    });

    test.each([
      { name: "a key of 600 characters", key: "k".repeat(600) },
      { name: "a key with a NUL character", key: "a\0b" },
    ])("$name is refused as invalid, not as a fault of the store", async ({ key }) => {
      await expect(get(key)).rejects.toMatchObject({ code: 3 });
    });

    test("an unknown key is not found [cache 11]", async () => {
      await expect(get(nextKey())).rejects.toMatchObject({ code: 5 });
    });

    test("a get gives what was put, with the server's time of update [cache 12,14]", async () => {
      const key = nextKey();
      await put(key, "/bucket/out");
      const output = await get(key);
      expect(output?.output).toEqual({ case: "outputUri", value: "/bucket/out" });
      expect(output?.metadata?.sourceIdentifier).toMatchObject({ name: "t", version: "v", project: "p", domain: "d" });
      expect(output?.metadata?.keyMap?.values).toEqual({ a: "1" });
      expect(output?.metadata?.lastUpdatedAt && timestampMs(output.metadata.lastUpdatedAt)).toBe(clock.time);
    });

    test("the time of creation is the caller's, or now for a new key [cache 15]", async () => {
      const given = nextKey();
      await put(given, "/o", { createdAt: 5000 });
      expect(timestampMs((await get(given))?.metadata?.createdAt ?? timestampFromMs(0))).toBe(5000);
      const absent = nextKey();
      await put(absent, "/o");
      expect(timestampMs((await get(absent))?.metadata?.createdAt ?? timestampFromMs(0))).toBe(clock.time);
    });

    test("an overwrite replaces all but the time of creation, unless it brings one [cache 16,18]", async () => {
      const key = nextKey();
      await put(key, "/one", { createdAt: 5000 });
      clock.time += 1000;
      await put(key, "/two", { overwrite: { overwrite: true }, keys: { b: "2" } });
      const second = await get(key);
      expect(second?.output.value).toBe("/two");
      expect(second?.metadata?.keyMap?.values).toEqual({ b: "2" });
      expect(timestampMs(second?.metadata?.createdAt ?? timestampFromMs(0))).toBe(5000);
      expect(timestampMs(second?.metadata?.lastUpdatedAt ?? timestampFromMs(0))).toBe(clock.time);
      // Its age counts from the overwrite, too.
      const ifOlder = { maxAge: durationFromMs(500) };
      await expect(put(key, "/aged", { overwrite: ifOlder })).rejects.toMatchObject({ code: 6 });
      await put(key, "/three", { overwrite: { overwrite: true }, createdAt: 7000 });
      expect(timestampMs((await get(key))?.metadata?.createdAt ?? timestampFromMs(0))).toBe(7000);
    });

    test("a second put without overwrite is refused and changes nothing [cache 17]", async () => {
      const key = nextKey();
      await put(key, "/one");
      await expect(put(key, "/two")).rejects.toMatchObject({ code: 6 });
      expect((await get(key))?.output.value).toBe("/one");
    });

    test("max_age replaces an entry that is older, and only then [cache 19,20]", async () => {
      const key = nextKey();
      await put(key, "/one");
      clock.time += 5000;
      await expect(put(key, "/two", { overwrite: { maxAge: durationFromMs(5000) } })).rejects.toMatchObject({
        code: 6,
      });
      await put(key, "/two", { overwrite: { maxAge: durationFromMs(4999) } });
      expect((await get(key))?.output.value).toBe("/two");
      await put(key, "/three", { overwrite: { maxAge: durationFromMs(0) } });
      expect((await get(key))?.output.value).toBe("/three");
    });

    test("delete removes the entry once [cache 23]", async () => {
      const key = nextKey();
      await put(key, "/o");
      await client.delete({ identifier, baseRequest: { key } });
      await expect(get(key)).rejects.toMatchObject({ code: 5 });
      await expect(client.delete({ identifier, baseRequest: { key } })).rejects.toMatchObject({ code: 5 });
    });

    test("put and delete leave a reservation alone [cache 24]", async () => {
      const key = nextKey();
      await reserve(key, "first");
      await put(key, "/o");
      await client.delete({ identifier, baseRequest: { key } });
      expect((await reserve(key, "second"))?.ownerId).toBe("first");
    });

    test("one key in two projects is two entries [cache 25]", async () => {
      const key = nextKey();
      await put(key, "/one");
      const other = { ...identifier, project: "other" };
      await expect(client.get({ identifier: other, baseRequest: { key } })).rejects.toMatchObject({ code: 5 });
    });

    test("one hundred concurrent puts without overwrite succeed once [cache B24]", async () => {
      const key = nextKey();
      const results = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => put(key, `/o/${index}`)));
      const winners = results.flatMap((result, index) => (result.status === "fulfilled" ? [index] : []));
      expect(winners).toHaveLength(1);
      expect((await get(key))?.output.value).toBe(`/o/${winners[0]}`);
    });

    test("the first caller becomes owner and a second one is told so [cache 29,30]", async () => {
      const key = nextKey();
      const first = await reserve(key, "first", 2000);
      expect(first?.ownerId).toBe("first");
      clock.time += 1000;
      const second = await reserve(key, "second", 9000);
      expect(second).toEqual(first);
    });

    test("the owner extends, and others take over from the moment of expiry [cache 31,32,33]", async () => {
      const key = nextKey();
      const first = await reserve(key, "first", 2000);
      clock.time += 1000;
      const extended = await reserve(key, "first", 2000);
      expect(timestampMs(extended?.expiresAt ?? timestampFromMs(0))).toBe(
        timestampMs(first?.expiresAt ?? timestampFromMs(0)) + 1000,
      );
      clock.time += 5999;
      expect((await reserve(key, "second", 2000))?.ownerId).toBe("first");
      clock.time += 1;
      expect((await reserve(key, "second", 2000))?.ownerId).toBe("second");
    });

    test.each([
      { name: "above the maximum", asked: 60_000, seconds: 10n, expiresMs: 30_000 },
      { name: "of zero", asked: 0, seconds: 10n, expiresMs: 30_000 },
      { name: "below zero", asked: -5000, seconds: 10n, expiresMs: 30_000 },
      { name: "absent", asked: undefined, seconds: 10n, expiresMs: 30_000 },
      { name: "of two seconds", asked: 2000, seconds: 2n, expiresMs: 6000 },
      { name: "of half a second", asked: 500, seconds: 0n, expiresMs: 1500 },
    ])("a heartbeat $name is granted as $seconds s [cache 34,35,38]", async ({ asked, seconds, expiresMs }) => {
      const granted = await reserve(nextKey(), "me", asked);
      expect(granted?.heartbeatInterval?.seconds).toBe(seconds);
      expect(timestampMs(granted?.expiresAt ?? timestampFromMs(0)) - clock.time).toBe(expiresMs);
    });

    test.each([
      { name: "of 2.0005 s", seconds: 2n, nanos: 500_000, granted: 2n, expiresMs: 6000 },
      { name: "of 1 ns", seconds: 0n, nanos: 1, granted: 0n, expiresMs: 3 },
    ])(
      "a heartbeat $name counts in whole milliseconds, at least one",
      async ({ seconds, nanos, granted, expiresMs }) => {
        const { reservation } = await client.getOrExtendReservation({
          identifier,
          baseRequest: { key: nextKey(), ownerId: "me", heartbeatInterval: { seconds, nanos } },
        });
        expect(reservation?.heartbeatInterval?.seconds).toBe(granted);
        expect(timestampMs(reservation?.expiresAt ?? timestampFromMs(0)) - clock.time).toBe(expiresMs);
      },
    );

    test("settings that are not positive mean ten seconds and three intervals [cache 36]", async () => {
      const service = createCacheService({
        config: { maxReservationHeartbeat: 0, heartbeatGracePeriodMultiplier: -1 },
        store: harness.store,
        clock,
        metrics: createMetrics(),
      });
      const other = createClient(CacheService, directTransport(service.rpc, { logger: silent }));
      const { reservation } = await other.getOrExtendReservation({
        identifier,
        baseRequest: { key: nextKey(), ownerId: "me" },
      });
      expect(reservation?.heartbeatInterval?.seconds).toBe(10n);
      expect(timestampMs(reservation?.expiresAt ?? timestampFromMs(0)) - clock.time).toBe(30_000);
    });

    test("the reservation carries its stored key [cache 37]", async () => {
      const key = nextKey();
      expect((await reserve(key, "me"))?.key).toBe(`reservation:flytesnacks-development-${key}`);
    });

    test("only the owner's release frees the key [cache 39]", async () => {
      const key = nextKey();
      await reserve(key, "first");
      await client.releaseReservation({ identifier, baseRequest: { key, ownerId: "second" } });
      expect((await reserve(key, "second"))?.ownerId).toBe("first");
      await client.releaseReservation({ identifier, baseRequest: { key, ownerId: "first" } });
      expect((await reserve(key, "second"))?.ownerId).toBe("second");
      await client.releaseReservation({ identifier, baseRequest: { key: nextKey(), ownerId: "nobody" } });
    });

    test("one hundred concurrent first acquires agree on one owner [cache 40]", async () => {
      const key = nextKey();
      const owners = await Promise.all(Array.from({ length: 100 }, (_, index) => reserve(key, `owner-${index}`)));
      expect(new Set(owners.map((held) => held?.ownerId)).size).toBe(1);
    });

    test("one hundred concurrent takeovers of an expired reservation agree on one new owner [cache 41]", async () => {
      const key = nextKey();
      await reserve(key, "old");
      clock.time += 30_000;
      const owners = await Promise.all(Array.from({ length: 100 }, (_, index) => reserve(key, `owner-${index}`)));
      const names = new Set(owners.map((held) => held?.ownerId));
      expect(names.size).toBe(1);
      expect(names.has("old")).toBe(false);
    });

    test("a caller that leaves does not fail the others of its batch", async () => {
      const key = nextKey();
      await put(key, "/o");
      const leaving = new AbortController();
      const left = client.get({ identifier, baseRequest: { key } }, { signal: leaving.signal });
      const stayed = get(key);
      leaving.abort();
      await expect(left).rejects.toMatchObject({ code: 1 });
      expect((await stayed)?.output.value).toBe("/o");
    });

    test("metadata is never absent and damage is mended by an overwrite [cache 13,28]", async () => {
      const { damageMetadata } = harness;
      const key = nextKey();
      await put(key, "/o");
      await damageMetadata(`flytesnacks-development-${key}`, null);
      expect((await get(key))?.metadata).toEqual(create(MetadataSchema));
      await damageMetadata(`flytesnacks-development-${key}`, Uint8Array.of(0xff));
      await expect(get(key)).rejects.toMatchObject({ code: 13 });
      await put(key, "/new", { overwrite: { overwrite: true } });
      expect((await get(key))?.output.value).toBe("/new");
      const row = await harness.store.outputs([`flytesnacks-development-${key}`], new AbortController().signal);
      expect([...row.values()][0]?.metadata?.byteLength).toBeGreaterThan(
        toBinary(MetadataSchema, create(MetadataSchema)).byteLength,
      );
    });
  });
}
