import type { Alarm } from "./alarm.ts";

const longestMs = 1000;

/** A server's leave to send a body. One that knows nothing of that custom says nothing: a second stands for it. */
export class Consent {
  #given: (() => void) | undefined;

  /** Takes `alarm` meanwhile. */
  async wait(alarm: Alarm): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#given = resolve;
      alarm.set(longestMs, resolve);
    });
    alarm.stop();
  }

  /** Ends the wait, be it consent, an answer or a failure. */
  give(): void {
    this.#given?.();
  }
}
