import { Code } from "@connectrpc/connect";
import { statObject } from "@flyte-dataplane/storage";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { codeOf } from "./codes.ts";
import { enqueuedFor, inputsAt, rowOf } from "./created-run.ts";
import { type Harness, startApi, storagePrefix } from "./harness.ts";
import { addTask, createRequest, domain, integer, named, project } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const base = `${storagePrefix}/${project}/${domain}`;

describe("the same name twice", () => {
  test("an equal request returns the same run, with one row and one blob [runs 32]", async () => {
    const request = createRequest({ id: named("twice") });
    const [first, second] = await Promise.all([api.runs.createRun(request), api.runs.createRun(request)]);
    const blob = await statObject(api.stores, `${base}/twice/inputs/inputs.pb`);
    const third = await api.runs.createRun(request);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
    expect(await api.rows("SELECT 1 FROM actions WHERE run_name = 'twice'")).toHaveLength(1);
    expect(await statObject(api.stores, `${base}/twice/inputs/inputs.pb`)).toEqual(blob);
    await enqueuedFor(api, "twice");
    expect(api.actions.enqueued.filter(({ action }) => action?.actionId?.run?.name === "twice")).toHaveLength(1);
  });

  test("a different request is refused and changes neither row nor blob [runs 33,171]", async () => {
    await api.runs.createRun(createRequest({ id: named("taken") }));
    const row = await rowOf(api, "taken");
    const inputWrapper = { case: "inputs" as const, value: { literals: [{ name: "x", value: integer(2) }] } };
    const other = createRequest({ id: named("taken"), inputWrapper });
    expect(await codeOf(api.runs.createRun(other))).toBe(Code.AlreadyExists);
    const task = { case: "taskSpec" as const, value: addTask({ shortName: "other" }) };
    expect(await codeOf(api.runs.createRun(createRequest({ id: named("taken"), task })))).toBe(Code.AlreadyExists);
    expect(await rowOf(api, "taken")).toEqual(row);
    const stored = await inputsAt(api, `${base}/taken/inputs/inputs.pb`);
    expect(stored.literals).toEqual([{ ...stored.literals[0], value: integer(1) }]);
  });
});

test("a store that hangs holds up those who create runs by name, and nobody else", async () => {
  const { bucket } = api.stores;
  let held = 0;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const slow = vi.spyOn(api.stores, "bucket").mockImplementation(async (uri) => {
    held += 1;
    await opened;
    return await bucket(uri);
  });
  const names = Array.from({ length: 15 }, (_, index) => `slow-${index}`);
  const created = Promise.all(names.map((name) => api.runs.createRun(createRequest({ id: named(name) }))));
  try {
    await vi.waitFor(() => expect(held).toBeGreaterThan(0));
    for (let turn = 0; turn < 50; turn += 1) await api.rows("SELECT 1");
  } finally {
    open();
    await created;
    slow.mockRestore();
  }
  expect((await created).map(({ run }) => run?.action?.id?.run?.name)).toEqual(names);
});

describe("a retried request", () => {
  const send = async (
    id: string,
    over: Parameters<typeof createRequest>[0] = {},
    more: Record<string, string> = {},
  ) => {
    const { run } = await api.runs.createRun(createRequest(over), { headers: { "x-request-id": id, ...more } });
    return run?.action?.id?.run?.name;
  };

  test("with the same id, caller and body returns the same run; any of them changed is another one [runs 136]", async () => {
    const names = await Promise.all([send("q-1"), send("q-1"), send("q-1")]);
    expect(new Set(names).size).toBe(1);
    const [name] = names;
    expect(await send("q-1")).toBe(name);
    const others = [
      await send("q-2"),
      await send("q-1", { runSpec: { queue: "other" } }),
      await send("q-1", {}, { "X-Amzn-Oidc-Identity": "s-1" }),
      await send(""),
      await send(""),
    ];
    expect(new Set([name, ...others]).size).toBe(6);
  });

  test("after ten minutes is a new run, and what is too old is forgotten [runs 136]", async () => {
    const first = await send("q-old");
    await api.rows("UPDATE create_requests SET created_at = created_at - interval '10 minutes'");
    const second = await send("q-old");
    expect(second).not.toBe(first);
    for (let call = 0; call < 3; call += 1) await send(`q-later-${call}`);
    expect(
      await api.rows("SELECT 1 FROM create_requests WHERE created_at < now() - interval '9 minutes'"),
    ).toHaveLength(0);
  });
});
