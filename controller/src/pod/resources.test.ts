import { Resources_ResourceName } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { expect, test } from "vitest";
import { faultOf, podOf } from "../../test/controller/built-pod.ts";

test("a container without resources gets the defaults as requests and limits [controller 100]", () => {
  expect(podOf().spec.containers[0]?.resources).toEqual({
    requests: { cpu: "1000m", memory: "1024Mi" },
    limits: { cpu: "1000m", memory: "1024Mi" },
  });
});

test("a request above its limit comes down to it; each side alone stands for both [controller 100]", () => {
  const { CPU, MEMORY, GPU } = Resources_ResourceName;
  const resources = {
    requests: [
      { name: CPU, value: "4" },
      { name: MEMORY, value: "2Gi" },
    ],
    limits: [
      { name: CPU, value: "2" },
      { name: GPU, value: "1" },
    ],
  };
  expect(podOf({ container: { resources } }).spec.containers[0]?.resources).toEqual({
    requests: { cpu: "2", memory: "2Gi", "nvidia.com/gpu": "1" },
    limits: { cpu: "2", memory: "2Gi", "nvidia.com/gpu": "1" },
  });
});

test("a quantity that is none fails the task by name", () => {
  const resources = { requests: [{ name: Resources_ResourceName.CPU, value: "many" }] };
  expect(faultOf({ container: { resources } })).toMatchObject({
    code: "BadTaskSpecification",
    recovery: "none",
    message: expect.stringContaining('"many"') as string,
  });
});
