/** A Get's answer goes out as the bytes that the row holds; what a caller makes of it must not depend on how they asked. */
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { createCacheService, memoryStore } from "@flyte-dataplane/cache-service";
import { GetCacheResponseSchema, MetadataSchema } from "@flyte-dataplane/proto/flyteidl2/cacheservice/cacheservice";
import { CacheService } from "@flyte-dataplane/proto/flyteidl2/cacheservice/v2/cacheservice";
import { createMetrics, systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createServer, type Server } from "@flyte-dataplane/runtime/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silent } from "./suite.ts";

const store = memoryStore();
const metrics = createMetrics();
const identifier = { org: "", project: "p", domain: "d" };
const metadata = create(MetadataSchema, {
  sourceIdentifier: { project: "p", domain: "d", name: "t", version: "v" },
  // Long enough that the answer is worth compressing.
  keyMap: { values: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`name-${index}`, "value"])) },
  createdAt: timestampFromMs(1000),
  lastUpdatedAt: timestampFromMs(2000),
});
const whole = create(GetCacheResponseSchema, {
  output: { output: { case: "outputUri", value: "s3://bucket/out/é" }, metadata },
});

let server: Server;
let url: string;
beforeAll(async () => {
  const config = { maxReservationHeartbeat: 10_000, heartbeatGracePeriodMultiplier: 3 };
  const service = createCacheService({ config, store, clock: systemClock, metrics });
  server = await createServer({
    services: [service],
    host: "localhost",
    port: 0,
    clock: systemClock,
    logger: silent,
    metrics,
  });
  url = `http://localhost:${server.port}`;
  await write("k", toBinary(MetadataSchema, metadata));
});
afterAll(() => server.close());

const write = (key: string, bytes: Uint8Array): Promise<boolean> =>
  store.replaceOutput(
    `p-d-${key}`,
    () => ({ uri: "s3://bucket/out/é", metadata: bytes, lastUpdated: systemClock.now() - 120_000 }),
    new AbortController().signal,
  );

test.each([
  { name: "Connect, binary", open: () => createConnectTransport({ baseUrl: url, httpVersion: "1.1" }) },
  {
    name: "Connect, JSON",
    open: () => createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: false }),
  },
  { name: "gRPC", open: () => createGrpcTransport({ baseUrl: url }) },
  {
    name: "gRPC-Web, JSON",
    open: () => createGrpcWebTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: false }),
  },
])("a caller by $name gets the message that the row holds", async ({ open }) => {
  const answer = await createClient(CacheService, open()).get({ identifier, baseRequest: { key: "k" } });
  expect(toJson(GetCacheResponseSchema, answer)).toEqual(toJson(GetCacheResponseSchema, whole));
});

const ask = (key: string, type: "json" | "proto", headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/flyteidl2.cacheservice.v2.CacheService/Get`, {
    method: "POST",
    headers: { "content-type": `application/${type}`, ...headers },
    body: type === "json" ? JSON.stringify({ identifier, baseRequest: { key } }) : binaryQuestion(key),
  });
const binaryQuestion = (key: string): Buffer =>
  Buffer.from(
    toBinary(
      CacheService.method.get.input,
      create(CacheService.method.get.input, { identifier, baseRequest: { key } }),
    ),
  );

test.each(["json", "proto"] as const)("who takes gzip gets the same answer compressed, as %s", async (type) => {
  const [plain, packed] = await Promise.all([
    ask("k", type, { "accept-encoding": "identity" }),
    ask("k", type, { "accept-encoding": "gzip" }),
  ]);
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(Buffer.from(await packed.arrayBuffer()).equals(Buffer.from(await plain.arrayBuffer()))).toBe(true);
});

test("an entry without metadata has empty ones, not none", async () => {
  await write("bare", new Uint8Array());
  const answer = fromBinary(GetCacheResponseSchema, new Uint8Array(await (await ask("bare", "proto")).arrayBuffer()));
  expect(answer.output?.metadata).toEqual(create(MetadataSchema));
});

test("a field that a newer writer stored reaches a newer reader", async () => {
  const writer = new BinaryWriter().tag(999, WireType.LengthDelimited).string("from the future");
  await write("newer", Buffer.concat([toBinary(MetadataSchema, metadata), writer.finish()]));
  const answer = fromBinary(GetCacheResponseSchema, new Uint8Array(await (await ask("newer", "proto")).arrayBuffer()));
  expect(answer.output?.metadata?.$unknown?.map(({ no }) => no)).toEqual([999]);
});

test("the figures tell of lookups by what was found, the age of hits, puts and reservations", async () => {
  const figure = async (line: string): Promise<number> => {
    const shown = await (await fetch(`${url}/metrics`)).text();
    return Number(
      shown
        .split("\n")
        .find((text) => text.startsWith(`${line} `))
        ?.slice(line.length + 1) ?? 0,
    );
  };
  const changes = async (lines: readonly string[], action: () => Promise<unknown>): Promise<readonly number[]> => {
    const before = await Promise.all(lines.map(figure));
    await action();
    return (await Promise.all(lines.map(figure))).map((after, index) => after - (before[index] ?? 0));
  };
  const client = createClient(CacheService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  await write("damaged", Buffer.of(0xff));
  const found = ["hit", "absent", "damaged"].map((word) => `cache_lookups_total{found="${word}"}`);
  const ages = ["60", "600"].map((bound) => `cache_hit_age_seconds_bucket{le="${bound}"}`);
  expect(
    await changes([...found, ...ages], async () => {
      await client.get({ identifier, baseRequest: { key: "k" } });
      for (const key of ["nothing", "damaged"])
        await client.get({ identifier, baseRequest: { key } }).catch(() => undefined);
    }),
  ).toEqual([1, 1, 1, 0, 1]);
  const puts = ["created", "replaced", "refused"].map((word) => `cache_puts_total{outcome="${word}"}`);
  expect(
    await changes(puts, async () => {
      const output = { output: { case: "outputUri" as const, value: "/o" } };
      for (const overwrite of [false, true, false])
        await client
          .put({ identifier, baseRequest: { key: "put", output, overwrite: { overwrite } } })
          .catch(() => undefined);
    }),
  ).toEqual([1, 1, 1]);
  const reservations = ["granted", "held"].map((word) => `cache_reservations_total{outcome="${word}"}`);
  expect(
    await changes(reservations, async () => {
      for (const ownerId of ["me", "me", "you"])
        await client.getOrExtendReservation({ identifier, baseRequest: { key: "r", ownerId } });
    }),
  ).toEqual([2, 1]);
});
