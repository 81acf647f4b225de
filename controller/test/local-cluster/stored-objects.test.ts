import { randomUUID } from "node:crypto";
import type { TaskAction } from "@flyte-dataplane/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseJournal } from "../../src/cluster/local/objects/database-journal.ts";
import { startMachine, type TestMachine } from "./local-server.ts";

let machine: TestMachine;

beforeAll(async () => {
  machine = await startMachine({});
});

afterAll(async () => {
  await machine.stop();
});

function anAction(name: string): TaskAction {
  const spec = { runName: "r", project: "p", domain: "d", actionName: "a0" };
  return { apiVersion: "flyte.org/v1", kind: "TaskAction", metadata: { name }, spec };
}

test("a write to the object leaves its status alone, and a write to the status the rest [controller 2]", async () => {
  const server = await machine.serve();
  const { taskActions } = server.cluster;
  await taskActions.create(anAction("split"));
  await taskActions.patch("split", { spec: { runName: "no" }, status: { stateVersion: 1 } }, { subresource: "status" });
  const both = await taskActions.patch("split", { metadata: { labels: { x: "y" } }, status: { stateVersion: 2 } });
  await server.stop();
  expect(both).toMatchObject({ metadata: { labels: { x: "y" } }, spec: { runName: "r" }, status: { stateVersion: 1 } });
});

test("fields of the status that we do not know survive a patch of others, and a restart [controller 5]", async () => {
  const first = await machine.serve();
  await first.cluster.taskActions.create(anAction("unknown"));
  const status = { futureField: { deep: [1, { a: "\0" }] }, stateVersion: 1 };
  await first.cluster.taskActions.patch("unknown", { status }, { subresource: "status" });
  await first.cluster.taskActions.patch("unknown", { status: { stateVersion: 2 } }, { subresource: "status" });
  await first.stop();
  const second = await machine.serve();
  const read = await second.cluster.taskActions.get("unknown");
  await second.stop();
  expect(read.status).toEqual({ ...status, stateVersion: 2 });
});

test("after a restart versions go on above all that were given out, also those of objects that are gone", async () => {
  const first = await machine.serve();
  await first.cluster.taskActions.create(anAction("short-lived"));
  await first.cluster.taskActions.delete("short-lived");
  const { resourceVersion } = await first.cluster.taskActions.list();
  await first.stop();
  const second = await machine.serve();
  const next = await second.cluster.taskActions.create(anAction("next"));
  const stale = second.cluster.taskActions.watch(String(Number(resourceVersion) - 1))[Symbol.asyncIterator]();
  await expect(stale.next()).rejects.toMatchObject({ code: "out_of_range" });
  await second.stop();
  expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
});

test("a list by labels gives those that carry all of them", async () => {
  const server = await machine.serve();
  const { taskActions } = server.cluster;
  const labelled = (name: string, labels: Record<string, string>): TaskAction => ({
    ...anAction(name),
    metadata: { name, labels },
  });
  await taskActions.create(labelled("l1", { run: "r", root: "true" }));
  await taskActions.create(labelled("l2", { run: "r" }));
  const { items } = await taskActions.list({ labels: { run: "r", root: "true" } });
  await server.stop();
  expect(items.map(({ metadata }) => metadata.name)).toEqual(["l1"]);
});

test("a writer that another has superseded writes nothing, not even part of a batch", async () => {
  const server = await machine.serve();
  const superseded = databaseJournal(server.database, randomUUID());
  await superseded.load();
  await databaseJournal(server.database, randomUUID()).load();
  const put = { kind: "TaskAction", name: "late", uid: "u", version: 999_999, body: "{}" } as const;
  await expect(superseded.append({ version: 999_999, puts: [put], removals: [] })).rejects.toMatchObject({
    code: "failed_precondition",
  });
  const { rows } = await server.database.query<{ name: string }>({
    text: "select name from cluster_objects where name = 'late'",
  });
  expect(rows).toEqual([]);
  await server.stop();
});

test("a write that finds the database gone is there once it is back, and the server goes on", async () => {
  const server = await machine.serve();
  const { taskActions } = server.cluster;
  const restarted = machine.postgres.restart();
  const created = taskActions.create(anAction("patient"));
  await restarted;
  await created;
  await taskActions.create(anAction("later"));
  // Once the lock is taken again no other server can come in.
  await expect
    .poll(async () => (await server.database.query<{ pid: number }>({ text: advisoryLocks })).rows.length, {
      timeout: 5_000,
    })
    .toBe(1);
  await expect(machine.serve({ lockWaitMs: 0 })).rejects.toMatchObject({ code: "failed_precondition" });
  await server.stop();
});

const advisoryLocks = "select pid from pg_locks where locktype = 'advisory' and granted";

test("a relative data directory is refused with one clear error", async () => {
  await expect(machine.serve({ directory: "relative" })).rejects.toMatchObject({
    code: "invalid_argument",
    origin: "user",
  });
});
