/** Asks a container's startup probe until it passes. */
import { spawn } from "node:child_process";
import { abortError, type Clock } from "@flyte-dataplane/core";
import type { Probe } from "../../pod-object.ts";
import type { Launch } from "./container-launch.ts";
import { probeTimes } from "./startup-deadline.ts";

/**
 * Resolves once the probe has passed; rejects with `canceled` when `signal` aborts. The first questions come in quick
 * succession, for a container on this machine is often up in a moment; later ones once a period.
 */
export async function passStartupProbe(probe: Probe, launch: Launch, clock: Clock, signal: AbortSignal): Promise<void> {
  const { initialDelayMs, periodMs, timeoutMs } = probeTimes(probe);
  await clock.sleep(initialDelayMs, { signal });
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, periodMs)) {
    if (await exitsWithZero(launch, timeoutMs, signal)) return;
    await clock.sleep(pauseMs, { signal });
  }
}

/** Runs the words of `launch` in its own process group, which is killed when the time is up. */
function exitsWithZero(
  { words, environment, workingDirectory }: Launch,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const [program, ...rest] = words;
  if (program === undefined) return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      cwd: workingDirectory,
      env: Object.fromEntries(environment),
      detached: true,
      stdio: "ignore",
    });
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
        process.kill(-child.pid, "SIGKILL");
    };
    const timer = setTimeout(kill, timeoutMs);
    const finish = (passed: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      if (signal.aborted) reject(abortError(signal));
      else resolve(passed);
    };
    signal.addEventListener("abort", kill, { once: true });
    child.once("error", () => finish(false));
    child.once("exit", (code) => finish(code === 0));
  });
}
