import { describe, expect, test } from "vitest";
import { DataPlaneError } from "./errors.ts";
import {
  type AttemptRef,
  archivedLogUri,
  attemptPrefix,
  checkpointUri,
  inputsFolder,
  inputsUri,
  outputsUri,
  podName,
  previousCheckpointUri,
  taskActionName,
} from "./run-paths.ts";
import { fnv1a32, shardOf } from "./shard.ts";

const anAttempt = (changes: Partial<AttemptRef> = {}): AttemptRef => ({
  runOutputBase: "s3://b/p/q/",
  namespace: "flyte",
  runName: "rabc",
  actionName: "a0",
  attempt: 1,
  ...changes,
});

describe("shard", () => {
  test.each([
    ["my-action-abc", 2352618704, "hu"],
    ["r0000000000000000000-a0", 3599622370, "ok"],
    ["rabc-a0", 229388114, "ac"],
    ["rabc-child1", 1505877582, "u4"],
  ])("flyte/%s has the golden hash and shard [controller 9]", (name, hash, shard) => {
    expect(fnv1a32(Buffer.from(`flyte/${name}`))).toBe(hash);
    expect(shardOf("flyte", name)).toBe(shard);
  });

  test.each([
    ["r1-a0", "xt"],
    ["rabc123-a0", "oc"],
  ])("flyte/%s has the shard that other services expect", (name, shard) => {
    expect(shardOf("flyte", name)).toBe(shard);
  });
});

describe("attempt prefix", () => {
  test("a slash at the end of the run output base makes no difference [controller 10]", () => {
    expect(attemptPrefix(anAttempt())).toBe("s3://b/ac/p/q/a0/1");
    expect(attemptPrefix(anAttempt({ runOutputBase: "s3://b/p/q" }))).toBe("s3://b/ac/p/q/a0/1");
  });

  test("a bucket without a path and a file base work [controller 10]", () => {
    expect(attemptPrefix(anAttempt({ runOutputBase: "gs://b" }))).toBe("gs://b/ac/a0/1");
    expect(attemptPrefix(anAttempt({ runOutputBase: "file:///x" }))).toBe("/x/a0/1");
  });

  test("file storage has no shard", () => {
    expect(attemptPrefix(anAttempt({ runOutputBase: "/data/r1/", actionName: "child1", attempt: 3 }))).toBe(
      "/data/r1/child1/3",
    );
  });

  test("an Azure base keeps its account", () => {
    expect(attemptPrefix(anAttempt({ runOutputBase: "abfs://c@a.dfs.core.windows.net/p" }))).toBe(
      "abfs://c@a.dfs.core.windows.net/ac/p/a0/1",
    );
  });

  test("the root is found under either of its names [controller 7]", () => {
    expect(taskActionName("r1", "a0")).toBe("r1-a0");
    expect(taskActionName("r1", "r1")).toBe("r1-a0");
    expect(attemptPrefix(anAttempt({ actionName: "rabc" }))).toBe(attemptPrefix(anAttempt()));
  });

  test.each(["s3://b/p?x=1", "s3://b/p#f", "relative", ""])(
    "base %j is refused as invalid_argument",
    (runOutputBase) => {
      expect(() => attemptPrefix(anAttempt({ runOutputBase }))).toThrow(DataPlaneError);
    },
  );

  test.each([0, -1, 1.5, Number.NaN])("attempt %d is refused", (attempt) => {
    expect(() => attemptPrefix(anAttempt({ attempt }))).toThrow("attempts are counted from 1");
  });

  test("the files of an attempt lie beneath it", () => {
    const prefix = attemptPrefix(anAttempt());
    expect(outputsUri(prefix)).toBe("s3://b/ac/p/q/a0/1/outputs.pb");
    expect(checkpointUri(prefix)).toBe("s3://b/ac/p/q/a0/1/_flytecheckpoints");
    expect(archivedLogUri(prefix, "rabc-a0-0", "main", 2)).toBe("s3://b/ac/p/q/a0/1/logs/rabc-a0-0/main.2");
  });

  test("only a second attempt has a previous checkpoint", () => {
    expect(previousCheckpointUri(anAttempt())).toBe("");
    expect(previousCheckpointUri(anAttempt({ attempt: 2 }))).toBe("s3://b/ac/p/q/a0/1/_flytecheckpoints");
  });
});

describe("names of inputs and Pods", () => {
  test.each([
    ["s3://b/x", "s3://b/x"],
    ["s3://b/x/", "s3://b/x"],
    ["s3://b/x/inputs.pb", "s3://b/x"],
    ["s3://b/x/inputs.pb.d", "s3://b/x/inputs.pb.d"],
    ["/inputs.pb", "/"],
  ])("inputs at %s lie in %s [controller 11]", (given, folder) => {
    expect(inputsFolder(given)).toBe(folder);
    expect(inputsUri(given)).toBe(`${folder === "/" ? "" : folder}/inputs.pb`);
  });

  test("the first Pod of an action ends in 0", () => {
    expect(podName("r1-a0", 1)).toBe("r1-a0-0");
    expect(podName("r1-a0", 3)).toBe("r1-a0-2");
  });
});
