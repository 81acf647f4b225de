import { expect, test } from "vitest";
import { env, faultOf, podOf, type Template } from "../test/controller/built-pod.ts";

test("attempt 3 is the Pod with suffix 2, and everything about it agrees on the attempt [controller 8]", () => {
  const pod = podOf({ attempt: 3, container: { args: ["{{.outputPrefix}}"] } });
  expect(pod.metadata.name).toBe("r1-a0-2");
  expect(pod.metadata.labels?.["attempt"]).toBe("3");
  expect(env(pod)["FLYTE_ATTEMPT_NUMBER"]).toBe("2");
  expect(pod.spec.containers[0]?.args).toEqual(["/out/r1/a0/3"]);
});

test("two builds of one attempt are equal byte for byte", () => {
  const options = { envVars: { B: "2", A: "1" }, labels: { z: "1", a: "2" } };
  expect(JSON.stringify(podOf(options))).toBe(JSON.stringify(podOf(options)));
});

test("a Pod template needs a primary container that exists", () => {
  const pod = (primary: string): Template => ({
    type: "container",
    target: {
      case: "k8sPod",
      value: { podSpec: { containers: [{ name: "one" }, { name: "two" }] }, primaryContainerName: primary },
    },
  });
  expect(podOf({ template: pod("two") }).spec.containers.map(({ name }) => name)).toEqual(["one", "two"]);
  for (const primary of ["", "three"])
    expect(faultOf({ template: pod(primary) })).toMatchObject({ code: "BadTaskSpecification" });
});
