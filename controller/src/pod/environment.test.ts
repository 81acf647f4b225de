import { expect, test } from "vitest";
import { env, podOf } from "../../test/controller/built-pod.ts";

test("the operator's environment beats the run's, the run's the template's, and identity beats the run's [controller 104]", () => {
  const pod = podOf({
    container: {
      env: [
        { key: "A", value: "template" },
        { key: "B", value: "template" },
        { key: "C", value: "template" },
        { key: "RUN_NAME", value: "template" },
      ],
    },
    envVars: {
      B: "run",
      C: "run",
      RUN_NAME: "forged",
      ACTION_NAME: "forged",
      _U_RUN_BASE: "forged",
      _U_ORG_NAME: "forged",
    },
    defaults: { "default-env-vars": { C: "operator", _U_ORG_NAME: "operator" } },
  });
  expect(env(pod)).toMatchObject({
    A: "template",
    B: "run",
    C: "operator",
    RUN_NAME: "r1",
    ACTION_NAME: "a0",
    _U_RUN_BASE: "/out/r1",
    _U_ORG_NAME: "operator",
    FLYTE_INTERNAL_EXECUTION_PROJECT: "p",
    FLYTE_INTERNAL_TASK_PROJECT: "home",
  });
  const names = (pod.spec.containers[0]?.env ?? []).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("file storage asks libraries to make folders; an object store does not", () => {
  expect(env(podOf())["FSSPEC_FILE_AUTO_MKDIR"]).toBe("true");
  expect(env(podOf({ base: "s3://b/out" }))["FSSPEC_FILE_AUTO_MKDIR"]).toBeUndefined();
});
