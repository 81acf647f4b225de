import { DataPlaneError, errorCode } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import type { CredentialsProvider, S3Credentials } from "./credentials.ts";
import { refreshing } from "./refreshing.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What `refreshing` asks for, with loads that the test settles and time that it moves. */
interface Scene {
  readonly provider: CredentialsProvider;
  /** Loads asked for so far. */
  loads(): number;
  yields(credentials: S3Credentials): Promise<void>;
  fails(code?: "unavailable" | "unauthenticated"): Promise<void>;
  pass(ms: number): void;
  now(): number;
  readonly warnings: readonly object[];
}

function aScene(random = 0): Scene {
  let now = 1_000_000;
  const loads: { resolve(value: S3Credentials): void; reject(error: Error): void }[] = [];
  const warnings: object[] = [];
  const provider = refreshing(async () => await new Promise((resolve, reject) => loads.push({ resolve, reject })), {
    clock: { now: () => now, sleep: async () => await Promise.reject(new Error("nothing waits here")) },
    random: () => random,
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields) => warnings.push(fields),
      error: () => undefined,
      child: () => {
        throw new Error("no child is needed");
      },
    },
  });
  return {
    provider,
    loads: () => loads.length,
    yields: async (credentials) => {
      loads.at(-1)?.resolve(credentials);
      await settled();
    },
    fails: async (code = "unavailable") => {
      loads.at(-1)?.reject(new DataPlaneError(code, "out of order"));
      await settled();
    },
    pass: (ms) => {
      now += ms;
    },
    now: () => now,
    warnings,
  };
}

/** Every promise that can settle has. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function keys(accessKeyId: string, expiresAt?: number): S3Credentials {
  return { accessKeyId, secretAccessKey: "s", ...(expiresAt !== undefined && { expiresAt }) };
}

/** A scene that holds credentials of an hour. */
async function aHeldScene(random = 0): Promise<Scene> {
  const scene = aScene(random);
  const first = scene.provider();
  await scene.yields(keys("first", scene.now() + hourMs));
  await first;
  return scene;
}

/** Of the caller's failure. */
async function codeOf(caller: Promise<unknown>): Promise<string> {
  return await caller.then(() => "none", errorCode);
}

async function idOf(scene: Scene): Promise<string | undefined> {
  return (await scene.provider())?.accessKeyId;
}

describe("a first load", () => {
  it("is made once for all who wait", async () => {
    const scene = aScene();
    const callers = [scene.provider(), scene.provider(), scene.provider()];
    await scene.yields(keys("a"));
    expect(await Promise.all(callers)).toEqual([keys("a"), keys("a"), keys("a")]);
    expect(scene.loads()).toBe(1);
  });

  it("that fails is everybody's failure, and the next caller loads again", async () => {
    const scene = aScene();
    const callers = [scene.provider(), scene.provider()];
    const outcomes = Promise.allSettled(callers);
    await scene.fails("unauthenticated");
    expect((await outcomes).map((one) => one.status)).toEqual(["rejected", "rejected"]);
    const again = scene.provider();
    await scene.yields(keys("a"));
    expect(await again).toEqual(keys("a"));
  });

  it("goes on for the others when one caller gives up", async () => {
    const scene = aScene();
    const stop = new AbortController();
    const impatient = scene.provider({ signal: stop.signal });
    const patient = scene.provider();
    stop.abort();
    await expect(impatient).rejects.toMatchObject({ code: "canceled" });
    await scene.yields(keys("a"));
    expect(await patient).toEqual(keys("a"));
    expect(scene.loads()).toBe(1);
  });

  it("that yields what has ended already is a failure that may pass", async () => {
    const scene = aScene();
    const caller = scene.provider();
    const outcome = codeOf(caller);
    await scene.yields(keys("a", scene.now() - 1));
    expect(await outcome).toBe("unavailable");
  });
});

describe("a refresh", () => {
  it("starts five minutes before the end, behind the back of callers", async () => {
    const scene = await aHeldScene();
    scene.pass(hourMs - 5 * minuteMs - 1);
    expect(await idOf(scene)).toBe("first");
    expect(scene.loads()).toBe(1);
    scene.pass(1);
    expect(await idOf(scene)).toBe("first");
    expect(await idOf(scene)).toBe("first");
    expect(scene.loads()).toBe(2);
    await scene.yields(keys("second", scene.now() + hourMs));
    expect(await idOf(scene)).toBe("second");
  });

  it("comes up to a minute earlier, by chance", async () => {
    const scene = await aHeldScene(0.5);
    scene.pass(hourMs - 5.5 * minuteMs);
    await scene.provider();
    expect(scene.loads()).toBe(2);
  });

  it("of a short life waits for half of it", async () => {
    const scene = aScene();
    const first = scene.provider();
    await scene.yields(keys("short", scene.now() + 4 * minuteMs));
    await first;
    scene.pass(2 * minuteMs - 1);
    await scene.provider();
    expect(scene.loads()).toBe(1);
    scene.pass(1);
    await scene.provider();
    expect(scene.loads()).toBe(2);
  });

  it("that fails leaves the old ones in use, and is tried again after growing pauses", async () => {
    const scene = await aHeldScene(0.5);
    scene.pass(hourMs - 5.5 * minuteMs);
    await scene.provider();
    await scene.fails();
    for (const pauseMs of [1000, 2000, 4000]) {
      scene.pass(pauseMs - 1);
      expect(await idOf(scene)).toBe("first");
      const before = scene.loads();
      scene.pass(1);
      expect(await idOf(scene)).toBe("first");
      expect(scene.loads()).toBe(before + 1);
      await scene.fails();
    }
    expect(scene.warnings).toHaveLength(4);
    expect(scene.warnings[3]).toEqual({ code: "unavailable", failures: 4 });
  });

  it("that still fails at the end leaves nothing in use", async () => {
    const scene = await aHeldScene();
    scene.pass(hourMs);
    const caller = scene.provider();
    const outcome = codeOf(caller);
    await scene.fails();
    expect(await outcome).toBe("unavailable");
  });

  it("under way at the end is waited for, not doubled", async () => {
    const scene = await aHeldScene();
    scene.pass(hourMs - minuteMs);
    await scene.provider();
    scene.pass(minuteMs);
    const caller = scene.provider();
    await scene.yields(keys("second", scene.now() + hourMs));
    expect((await caller)?.accessKeyId).toBe("second");
    expect(scene.loads()).toBe(2);
  });
});

describe("lasting credentials", () => {
  it("are looked at again every minute, so that a rotation needs no restart", async () => {
    const scene = aScene();
    const first = scene.provider();
    await scene.yields(keys("old"));
    await first;
    scene.pass(minuteMs);
    expect(await idOf(scene)).toBe("old");
    await scene.yields(keys("new"));
    expect(await idOf(scene)).toBe("new");
  });

  it("that did not change stay the same object", async () => {
    const scene = aScene();
    const first = scene.provider();
    await scene.yields(keys("a"));
    const held = await first;
    scene.pass(minuteMs);
    await scene.provider();
    await scene.yields(keys("a"));
    expect(await scene.provider()).toBe(held);
  });
});

it("a caller whose signal has aborted already gets nothing", async () => {
  const scene = await aHeldScene();
  await expect(scene.provider({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "canceled" });
});
