/** What every run in the limits promises, and the literals that such runs are about. */
import path from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LiteralSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { expect, type TestContext } from "vitest";
import { blob } from "../../copilot/test/documents.ts";
import { type LimitedEnd, startLimited } from "./limited.ts";
import { countTree, fillTree, type TreeShape, withFolder } from "./local-files.ts";
import type { LimitsStore } from "./store.ts";

export type LiteralInit = MessageInitShape<typeof LiteralSchema>;

const mebibyte = 1024 ** 2;
const mostBytes = 100 * mebibyte;

/** Says what it took, which the report keeps, and holds it against the promise. */
export async function expectModest({ annotate }: TestContext, what: string, end: LimitedEnd): Promise<void> {
  const peaks = `${(end.peakRssBytes / mebibyte).toFixed(0)} MiB resident, ${(end.peakCgroupBytes / mebibyte).toFixed(0)} MiB charged`;
  await annotate(`${what}: peak ${peaks}, ${end.killedForMemory} killed for memory`);
  expect(end).toMatchObject({ status: 0, killedForMemory: 0 });
  expect(end.peakRssBytes).toBeLessThanOrEqual(mostBytes);
}

export const blobLiteral = (uri: string, dimensionality: 0 | 1): LiteralInit => ({
  value: {
    case: "scalar",
    value: { value: { case: "blob", value: { uri, metadata: { type: { dimensionality } } } } },
  },
});

export const textLiteral = (text: string): LiteralInit => ({
  value: {
    case: "scalar",
    value: { value: { case: "primitive", value: { value: { case: "stringValue", value: text } } } },
  },
});

export const integerLiteral = (value: bigint): LiteralInit => ({
  value: { case: "scalar", value: { value: { case: "primitive", value: { value: { case: "integer", value } } } } },
});

/** Up from one folder, and down again into another; each way in limits of its own. */
export async function roundTrip(
  context: TestContext,
  store: LimitsStore,
  shape: TreeShape,
  attempt: string,
): Promise<void> {
  await withFolder(async (folder) => {
    await fillTree(path.join(folder, "d"), shape);
    const up = startLimited(store.sidecarWords(attempt, folder, { types: { d: blob(1) } }));
    await expectModest(context, "up", await (await up).ended);
  });
  expect(await store.report(attempt)).toBeUndefined();
  await store.putInputs((await store.outputs(attempt)) ?? {});
  await withFolder(async (folder) => {
    const down = startLimited(store.downloadWords(attempt, folder));
    await expectModest(context, "down", await (await down).ended);
    expect(await countTree(path.join(folder, "d"), shape)).toBe(shape.files);
  });
}
