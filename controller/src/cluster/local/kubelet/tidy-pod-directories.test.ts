import { abortError, type Clock, type Logger } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { tidyPodDirectories } from "./tidy-pod-directories.ts";

test("directories are collected at once and after every interval, whether or not the last time went well", async () => {
  const done = new AbortController();
  const slept: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: async (ms, { signal } = {}) => {
      slept.push(ms);
      if (slept.length === 3) done.abort();
      if (signal?.aborted === true) throw abortError(signal);
    },
  };
  const lines: string[] = [];
  const note = (_fields: object, message: string): void => void lines.push(message);
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const answers = [Promise.resolve(2), Promise.reject(new Error("disk")), Promise.resolve(0)];
  const collect = async (): Promise<number> => await (answers.shift() ?? Promise.reject(new Error("once too often")));
  await tidyPodDirectories({ collect, intervalMs: 1_800_000, clock, logger }, done.signal);
  expect(slept).toEqual([1_800_000, 1_800_000, 1_800_000]);
  expect(answers).toEqual([]);
  expect(lines).toEqual(["directories of pods that are gone removed", "directories of pods that are gone not removed"]);
});
