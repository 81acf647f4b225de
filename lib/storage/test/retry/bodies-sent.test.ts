import { DataPlaneError } from "@flyte-dataplane/core";
import { describe, expect, it } from "vitest";
import { collect, expectBytes, expectCode, someBytes, text } from "../../src/conformance/index.ts";
import { lineCut } from "../faulty-driver.ts";
import { answer, openRetried, refusing } from "./open-retried.ts";

describe("a body sent to a flaky store", () => {
  it("is sent again where it is bytes", async () => {
    const { driver, inner } = openRetried(refusing("put", 2, lineCut));
    await driver.put("object", someBytes(1000));
    expectBytes(await collect(inner.get("object")), someBytes(1000));
  });

  it("is not sent again once somebody has begun to read it", async () => {
    async function* once(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(text("x"));
    }
    const { driver, inner } = openRetried((call) => (call.operation === "put" ? { lose: lineCut() } : undefined));
    await expectCode(driver.put("object", once()), "unavailable");
    expect(inner.calls).toHaveLength(1);
  });

  it("is sent whole after a refusal that came before anybody read of it", async () => {
    async function* once(): AsyncGenerator<Uint8Array, void, undefined> {
      yield await Promise.resolve(text("whole"));
    }
    const { driver, inner } = openRetried(refusing("put", 2, lineCut));
    await driver.put("object", once());
    expectBytes(await collect(inner.get("object")), "whole");
  });

  const lostAnswers = [
    { lost: "an answer that was lost", lose: lineCut },
    {
      lost: "a gateway that gave up",
      lose: () => new DataPlaneError("unavailable", "late", { cause: answer(504, "") }),
    },
  ];

  it.each(lostAnswers)("with ifAbsent and $lost is told as taken, perhaps by itself", async ({ lose }) => {
    const { driver } = openRetried((call) => (call.count === 1 ? { lose: lose() } : undefined));
    const put = driver.put("object", text("x"), { ifAbsent: true });
    await expectCode(put, "already_exists");
    await expect(put).rejects.toThrow(/earlier attempt/);
  });

  it.each(lostAnswers)("in parts is complete in spite of $lost when it was completed", async ({ lose }) => {
    const { driver, inner } = openRetried((call) =>
      call.operation === "complete upload" && call.count === 1 ? { lose: lose() } : undefined,
    );
    const { multipart } = driver;
    const upload = await multipart?.create("object");
    if (multipart === undefined || upload === undefined) throw new Error("memory takes parts");
    const parts = [
      await multipart.putPart(upload, 1, someBytes(70_000)),
      await multipart.putPart(upload, 2, text("end")),
    ];
    const { etag } = await multipart.complete(upload, parts);
    expect(await inner.head("object")).toMatchObject({ etag, size: 70_003 });
  });

  it("in parts is not taken for complete when another object stands there", async () => {
    const { driver, inner } = openRetried((call) => {
      if (call.operation !== "complete upload" || call.count !== 1) return undefined;
      return { refuse: lineCut(), first: async () => await lost() };
    });
    const { multipart } = driver;
    const upload = await multipart?.create("object");
    if (multipart === undefined || upload === undefined) throw new Error("memory takes parts");
    const parts = [await multipart.putPart(upload, 1, text("ours"))];
    // Somebody removed the upload and stored as many other bytes.
    const lost = async (): Promise<void> => {
      await inner.multipart?.abort(upload);
      await inner.put("object", text("them"));
    };
    await expectCode(multipart.complete(upload, parts), "not_found");
  });
});
