import { expect, test } from "vitest";
import { podOf } from "../../test/controller/built-pod.ts";
import { labelValue } from "./metadata.ts";

test.each([
  ["a.b/c", "a.b-c"],
  ["_x", "xx"],
  ["y".repeat(70), "y".repeat(63)],
  ["", ""],
])("the label value of %j is %j [controller 105]", (text, value) => {
  expect(labelValue(text)).toBe(value);
});

test("the Pod carries who it is, is owned by its action, and inherits neither the action's end nor its abort", () => {
  const pod = podOf({
    labels: {
      team: "x",
      "flyte.org/run": "r1",
      "flyte.org/termination-status": "terminated",
      "flyte.org/terminal-status-recorded": "true",
    },
    annotations: { note: "y", "flyte.org/abort-reason": "z" },
  });
  expect(pod.metadata.labels).toEqual({
    team: "x",
    "flyte.org/run": "r1",
    "flyte.org/managed": "true",
    organization: "flyte",
    project: "p",
    domain: "d",
    run: "r1",
    action: "a0",
    attempt: "1",
    "task-name": "a.b-c",
  });
  expect(pod.metadata.annotations).toEqual({
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    note: "y",
    primary_container_name: "r1-a0-0",
  });
  expect(pod.metadata.ownerReferences).toEqual([
    { apiVersion: "flyte.org/v1", kind: "TaskAction", name: "r1-a0", uid: "u1", controller: true },
  ]);
});
