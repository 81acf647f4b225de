import { describe, expect, it } from "vitest";
import { expectCode } from "../../src/conformance/index.ts";
import type { Driver } from "../../src/driver.ts";
import { withRetry } from "../../src/with-retry.ts";
import { instantClock } from "../instant-clock.ts";
import { scriptedStore } from "./scripted-store.ts";
import { type ScriptedAnswer } from "./scripted-wire.ts";

async function keysOf(driver: Driver, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of driver.list(prefix)) keys.push(key);
  return keys;
}

function page(keys: readonly string[], next?: string): ScriptedAnswer {
  const entries = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents>`,
  );
  const more =
    next === undefined ? "false" : `true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`;
  const truncated = next === undefined ? "<IsTruncated>false</IsTruncated>" : `<IsTruncated>${more}`;
  const body = `<ListBucketResult><EncodingType>url</EncodingType>${truncated}${entries.join("")}</ListBucketResult>`;
  return { status: 200, body };
}

describe("a listing", () => {
  it("goes from page to page by the store's tokens", async () => {
    const { driver, sent } = scriptedStore((_request, index) =>
      index === 0 ? page(["p/a", "p/b"], "t/1+") : page(["p/c%2Bd+e"]),
    );
    expect(await keysOf(driver, "p/")).toEqual(["p/a", "p/b", "p/c+d e"]);
    expect(sent.map(({ target }) => /continuation-token=([^&]*)/.exec(target)?.[1])).toEqual([undefined, "t%2F1%2B"]);
  });

  it.each([
    { name: "a page that repeats its token and its keys", answer: () => page(["p/a"], "again") },
    { name: "empty pages that repeat their token", answer: () => page([], "again") },
    { name: "a key outside the prefix", answer: () => page(["p/a", "q"]) },
    { name: "keys out of order", answer: () => page(["p/b", "p/a"]) },
    { name: "a key that is not UTF-8", answer: () => page(["p/%FF"]) },
    { name: "a further page without a token", answer: () => page(["p/a"], "") },
    {
      name: "an entry without a size",
      answer: () => ({ status: 200, body: "<ListBucketResult><Contents><Key>p/a</Key></Contents></ListBucketResult>" }),
    },
  ])("with $name ends in an error", async ({ answer }) => {
    const { driver, sent } = scriptedStore(answer);
    await expectCode(keysOf(driver, "p/"), "internal");
    expect(sent.length).toBeLessThanOrEqual(2);
  });

  it("of empty pages that lead on for ever ends in an error that is not worth another attempt", async () => {
    const { driver, sent } = scriptedStore((_request, index) => page([], `token-${index}`));
    await expectCode(keysOf(withRetry(driver, {}, { clock: instantClock() }), "p/"), "failed_precondition");
    expect(sent).toHaveLength(1000);
  });

  it("goes on behind empty pages, however many stand between objects", async () => {
    const gaps = new Map([
      [0, ["p/a"]],
      [998, ["p/b"]],
    ]);
    const { driver } = scriptedStore((_request, index) =>
      page(gaps.get(index) ?? [], index < 1900 ? `token-${index}` : undefined),
    );
    expect(await keysOf(driver, "p/")).toEqual(["p/a", "p/b"]);
  });

  it.each([
    { name: "a web page", body: "<!doctype html><html><body>Hello</body></html>" },
    { name: "half a document", body: "<ListBucketResult><Contents><Key>p/a</Key>" },
    { name: "another document", body: "<ListAllMyBucketsResult></ListAllMyBucketsResult>" },
    { name: "nothing", body: "" },
  ])("that is $name is no listing", async ({ body }) => {
    await expectCode(keysOf(scriptedStore(() => ({ status: 200, body })).driver, ""), "failed_precondition");
  });

  it("of a name that begins with a dot asks stores with folders for the folder", async () => {
    const { driver, sent } = scriptedStore(() => page(["p/-x", "p/.d", "p/.e", "p/0", "p/1"]), { flatKeys: false });
    expect(await keysOf(driver, "p/.")).toEqual(["p/.d", "p/.e"]);
    expect(sent[0]?.target).toContain("prefix=p%2F&start-after=p%2F-");
  });
});
