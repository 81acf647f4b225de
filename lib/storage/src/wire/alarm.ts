/**
 * A timer that is set thousands of times and hardly ever rings: setting it again moves the timer that is there, stopping it
 * only forgets what it was set for. It keeps no process alive; whoever sets it waits for something that does.
 */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  #ms = 0;
  #onRing: (() => void) | undefined;

  /** Calls `onRing` once after `ms`, unless it is set again or stopped before. */
  set(ms: number, onRing: () => void): void {
    this.#onRing = onRing;
    if (this.#timer !== undefined && this.#ms === ms) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#ms = ms;
    this.#timer = setTimeout(() => this.#ring(), ms).unref();
  }

  stop(): void {
    this.#onRing = undefined;
  }

  /** Stops, and lets go of the timer. */
  end(): void {
    this.#onRing = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ring(): void {
    const onRing = this.#onRing;
    this.#onRing = undefined;
    onRing?.();
  }
}
