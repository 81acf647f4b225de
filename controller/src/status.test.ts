import type { TaskAction, TaskActionStatus } from "@flyte-dataplane/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type NextStatus, statusPatch } from "./status.ts";
import { truncate } from "./truncate.ts";

const nowMs = Date.UTC(2026, 0, 2);
const action = (status: TaskActionStatus = {}): TaskAction => ({
  apiVersion: "flyte.org/v1",
  kind: "TaskAction",
  metadata: { name: "r-a0", resourceVersion: "7" },
  spec: { runName: "r", project: "p", domain: "d", actionName: "a0" },
  status,
});
const next = (changes: Partial<NextStatus> = {}): NextStatus => ({
  pluginPhase: "PhaseQueued",
  conditionReason: "Queued",
  message: "m",
  attempts: 1,
  systemFailures: 0,
  cacheStatus: 0,
  ctl: { v: 1, stage: "Started", versions: {} },
  ...changes,
});
const statusOf = (before: TaskAction, wanted: NextStatus): TaskActionStatus =>
  statusPatch(before, wanted, nowMs)["status"] as TaskActionStatus;

test("a write holds only for the object that the decision was based on", () => {
  expect(statusPatch(action(), next(), nowMs)["metadata"]).toEqual({ resourceVersion: "7" });
});

test("a condition's time moves when its status does, not with its reason", () => {
  const lastTransitionTime = "2025-01-01T00:00:00.000Z";
  const before = action({
    conditions: [{ type: "Progressing", status: "True", reason: "Queued", message: "", lastTransitionTime }],
  });
  expect(statusOf(before, next({ conditionReason: "Executing" })).conditions).toMatchObject([
    { reason: "Executing", lastTransitionTime },
  ]);
  expect(statusOf(before, next({ conditionReason: "Completed" })).conditions?.[0]?.lastTransitionTime).toBe(
    "2026-01-02T00:00:00.000Z",
  );
});

test("messages of 100 kB are cut to what the schema takes, their tail kept [controller 71,X15]", () => {
  const message = `${"é".repeat(50_000)}the end`;
  const failure = { code: "C", message, kind: "USER", recovery: "none" } as const;
  const status = statusOf(action(), next({ conditionReason: "PermanentFailure", message, failure }));
  for (const [text, bytes] of [
    [status.conditions?.[0]?.message, 8_192],
    [status.errorState?.message, 16_384],
    [status.phaseHistory?.[0]?.message, 1_024],
  ] as const) {
    expect(Buffer.byteLength(text ?? "")).toBeLessThanOrEqual(bytes);
    expect(text).toMatch(/the end$/);
    expect(text).toContain("truncated");
    expect(text).not.toContain("\ufffd");
  }
});

test("a cut text fits, is whole characters, and begins and ends as the original does", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.integer({ min: 40, max: 300 }),
      (text, maxBytes) => {
        const cut = truncate(text, maxBytes);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
        expect(cut).not.toMatch(/\p{Surrogate}/u);
        const [head = "", tail = ""] = cut === text ? [text, text] : cut.split("…[truncated]…");
        expect(text.startsWith(head)).toBe(true);
        expect(text.endsWith(tail)).toBe(true);
      },
    ),
  );
});

test("the history keeps its beginning and its latest entries and has no equal neighbours [controller 72]", () => {
  const reasons = ["Queued", "Initializing", "Executing"] as const;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...reasons), { minLength: 60, maxLength: 200 }), (walk) => {
      let current = action();
      for (const conditionReason of walk) current = action(statusOf(current, next({ conditionReason })));
      const history = current.status?.phaseHistory ?? [];
      expect(history.length).toBeLessThanOrEqual(64);
      for (const [at, entry] of history.entries()) expect(entry.phase).not.toBe(history[at + 1]?.phase);
      expect(history.at(-1)?.phase).toBe(walk.at(-1));
      expect(history[0]?.phase).toBe(walk[0]);
    }),
    { numRuns: 50 },
  );
});
