import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Alarm } from "./alarm.ts";

describe("an alarm", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function rung(use: (alarm: Alarm, hear: (name: string) => () => void) => void): readonly string[] {
    const heard: string[] = [];
    use(new Alarm(), (name) => () => heard.push(name));
    vi.advanceTimersByTime(1000);
    return heard;
  }

  it("rings once, for what it was set for last", () => {
    expect(
      rung((alarm, hear) => {
        alarm.set(100, hear("first"));
        vi.advanceTimersByTime(99);
        alarm.set(100, hear("second"));
        vi.advanceTimersByTime(99);
      }),
    ).toEqual(["second"]);
  });

  it("that was stopped does not ring, and rings when it is set again", () => {
    expect(
      rung((alarm, hear) => {
        alarm.set(100, hear("first"));
        alarm.stop();
        vi.advanceTimersByTime(500);
        alarm.set(100, hear("second"));
      }),
    ).toEqual(["second"]);
  });

  it("rings after another time when it is set to that", () => {
    expect(
      rung((alarm, hear) => {
        alarm.set(5000, hear("late"));
        alarm.set(10, hear("soon"));
      }),
    ).toEqual(["soon"]);
  });

  it("that has ended is silent", () => {
    expect(
      rung((alarm, hear) => {
        alarm.set(100, hear("never"));
        alarm.end();
      }),
    ).toEqual([]);
  });
});
