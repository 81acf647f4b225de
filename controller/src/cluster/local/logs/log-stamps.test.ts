import { appendFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Logger } from "@flyte-dataplane/core";
import { expect, onTestFinished, test } from "vitest";
import { podDirectory } from "../kubelet/pod-directory.ts";
import { LogShare } from "./log-share.ts";
import { LogStamps, parseStamps } from "./log-stamps.ts";

const quiet: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
};

/** Time that stands; sleepers wake when the test says so. */
class StandingClock implements Clock {
  nowMs = 1_000;
  readonly #sleepers: { readonly atMs: number; wake(): void }[] = [];
  now(): number {
    return this.nowMs;
  }
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ atMs: this.nowMs + ms, wake }));
  }
  advance(ms: number): void {
    this.nowMs += ms;
    for (const sleeper of this.#sleepers) if (sleeper.atMs <= this.nowMs) sleeper.wake();
  }
}

test("a log that goes on for long gets a stamp a second, its last bytes have one too, and so they do after a restart", async () => {
  const folder = await mkdtemp(join(tmpdir(), "log-stamps-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const run = podDirectory(folder, "uid").run("main", 0);
  await mkdir(run.path, { recursive: true });
  await appendFile(run.log, "");
  const clock = new StandingClock();
  const open = async (): Promise<LogStamps> => {
    const stamps = new LogStamps(clock, quiet, new LogShare(0, quiet), { closeStamps: 5 });
    await stamps.follow(run);
    return stamps;
  };
  const stamped = async () => parseStamps(await readFile(run.logTimes, "utf8"));

  const first = await open();
  for (let line = 1; line <= 50; line += 1) {
    await appendFile(run.log, "x\n");
    clock.nowMs += 10;
    await first.catchUp(run);
  }
  expect((await stamped()).map(({ offset }) => offset)).toEqual([2, 4, 6, 8, 10]);
  // Nothing more is written: what had to wait is come back for.
  clock.advance(1_000);
  await expect.poll(async () => (await stamped()).map(({ offset }) => offset)).toEqual([2, 4, 6, 8, 10, 100]);
  await appendFile(run.log, "y\n");
  await first.finish(run);
  expect((await stamped()).at(-1)).toEqual({ offset: 102, timeMs: 2_500 });

  const second = await open();
  for (let line = 1; line <= 3; line += 1) {
    await appendFile(run.log, "z\n");
    await second.catchUp(run);
  }
  expect((await stamped()).map(({ offset }) => offset)).toEqual([2, 4, 6, 8, 10, 100, 102, 104]);
  await second.close();
  expect((await stamped()).at(-1)?.offset).toBe(108);
});
