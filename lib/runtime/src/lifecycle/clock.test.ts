import { errorCode } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";

test("a sleep that is aborted rejects at once as canceled", async () => {
  const abort = new AbortController();
  const sleeping = systemClock.sleep(3_600_000, { signal: abort.signal });
  abort.abort();
  expect(await sleeping.catch(errorCode)).toBe("canceled");
  expect(await systemClock.sleep(1, { signal: abort.signal }).catch(errorCode)).toBe("canceled");
});

test("a sleep of nothing ends at once, and one past a timer's range does not", async () => {
  await systemClock.sleep(0);
  await systemClock.sleep(-5);
  const abort = new AbortController();
  let ended = false;
  const long = systemClock.sleep(2 ** 40, { signal: abort.signal }).then(
    () => (ended = true),
    () => undefined,
  );
  await systemClock.sleep(5);
  expect(ended).toBe(false);
  abort.abort();
  await long;
});
