import { stat, utimes } from "node:fs/promises";
import { DataPlaneError } from "@flyte-dataplane/core";
import { ActionPhase } from "@flyte-dataplane/proto/flyteidl2/common/phase";
import { expect, test, vi } from "vitest";
import {
  action,
  clock,
  controller,
  end,
  enqueue,
  failure,
  inAttempt,
  leave,
  memory,
  passTime,
} from "./executor-stage.ts";
import { finished, progressing } from "./harness.ts";
import { endedStatus } from "./memory-cluster.ts";

test("a killed container is launched again in the same attempt, once its Pod is really gone [controller 62]", async () => {
  await enqueue();
  const first = await memory.pod("r1-a0-0");
  // A sidecar still stops, so that the Pod outlives its main container.
  await memory.setStatus("r1-a0-0", { ...endedStatus(first, { exitCode: 137, reason: "Error" }), phase: "Running" });
  await passTime(async () => (await memory.pod("r1-a0-0")).metadata.deletionTimestamp !== undefined);
  clock.advance(10_000);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect((await memory.pod("r1-a0-0")).metadata.uid).toBe(first.metadata.uid);
  await memory.stopped("r1-a0-0");
  await passTime(
    async () =>
      ((await memory.cluster.pods.get("r1-a0-0").catch(() => first)).metadata.uid ?? "") !== first.metadata.uid,
  );
  expect((await memory.pod("r1-a0-0")).metadata.labels?.["attempt"]).toBe("1");
  expect((await action()).status).toMatchObject({ attempts: 1, systemFailures: 1 });
});

async function lose(times: number): Promise<void> {
  for (let loss = 0; loss < times; loss += 1) {
    let uid = "";
    await passTime(async () => {
      const pod = await memory.cluster.pods.get("r1-a0-0").catch(() => undefined);
      uid = pod?.metadata.uid ?? "";
      const followed =
        JSON.stringify((await action()).status ?? {}).includes(`\\"podUid\\":\\"${uid}\\"`) &&
        JSON.stringify((await action()).status).includes("Started");
      return pod !== undefined && followed;
    });
    await memory.vanish("r1-a0-0");
    await passTime(
      async () => !JSON.stringify((await action()).status).includes("Started") || finished(await action()),
    );
  }
}

test("four losses in a row are too many, and a Pod that always vanishes does not loop for ever [controller 64,65]", async () => {
  await enqueue();
  await lose(4);
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status).toMatchObject({
    attempts: 1,
    errorState: { code: "MaxSystemFailuresExceeded", kind: "SYSTEM" },
  });
  expect(memory.calls.filter((call) => call === "create Pod r1-a0-0")).toHaveLength(4);
});

test("three losses and then a success are a success [controller 64]", async () => {
  await enqueue();
  await lose(3);
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  await end("r1-a0-0", { exitCode: 0 });
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("a new launch starts without the files that the lost one left [controller 66]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("error.pb", failure({ recoverable: true, origin: "system" }));
  await end("r1-a0-0", { exitCode: 0 });
  await passTime(() => memory.calls.filter((call) => call === "create Pod r1-a0-0").length === 2);
  await expect(stat(inAttempt("error.pb"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("outputs that a vanished Pod left are its success [controller 67,X18]", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("outputs.pb", "");
  await controller.restart(() => memory.vanish("r1-a0-0"));
  const ended = await controller.action("r1-a0", finished);
  expect(ended.status?.conditions?.at(-1)).toMatchObject({ type: "Succeeded", status: "True" });
});

test("outputs older than the Pod are another's and rescue nothing", async () => {
  await enqueue({ outputs: ["o"] });
  await memory.pod("r1-a0-0");
  await controller.action("r1-a0", progressing("Queued"));
  await leave("outputs.pb", "");
  const old = clock.now() / 1000 - 3_600;
  await utimes(inAttempt("outputs.pb"), old, old);
  await controller.restart(() => memory.vanish("r1-a0-0"));
  await passTime(async () => (await action()).status?.systemFailures === 1);
});

test.each([{ answer: "invalid_argument", code: "InvalidResource", kind: "USER" }] as const)(
  "a Pod refused as $answer fails the action for good",
  async ({ answer, code, kind }) => {
    memory.before = (call) => {
      if (call.startsWith("create Pod")) throw new DataPlaneError(answer, "create Pod: no");
    };
    await enqueue({ retries: 3 });
    expect((await controller.action("r1-a0", finished)).status).toMatchObject({
      attempts: 1,
      errorState: { code, kind },
    });
  },
);

test("a Pod over quota waits for room, says so, and costs no retry [controller X9]", async () => {
  let full = true;
  memory.before = (call) => {
    if (full && call.startsWith("create Pod")) throw new DataPlaneError("resource_exhausted", "exceeded quota: pods");
  };
  await enqueue();
  await controller.action("r1-a0", ({ status }) => status?.pluginPhase === "PhaseWaitingForResources");
  await vi.waitFor(() => expect(controller.runs.events.at(-1)?.phase).toBe(ActionPhase.WAITING_FOR_RESOURCES));
  expect(controller.runs.events.at(-1)?.clusterEvents[0]?.message).toContain("exceeded quota: pods");
  full = false;
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  expect((await action()).status?.attempts).toBe(1);
});

test("a cluster that cannot be reached for a while fails nothing", async () => {
  let down = true;
  memory.before = (call) => {
    if (down && call.startsWith("create Pod")) throw new DataPlaneError("unavailable", "down");
  };
  await enqueue();
  const until = clock.now() + 100_000;
  await passTime(() => clock.now() > until);
  down = false;
  await passTime(async () => (await memory.cluster.pods.get("r1-a0-0").catch(() => undefined)) !== undefined);
  expect((await action()).status?.systemFailures ?? 0).toBe(0);
});
