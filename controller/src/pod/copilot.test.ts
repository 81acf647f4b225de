import { create } from "@bufbuild/protobuf";
import { VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { expect, test } from "vitest";
import { defaults, faultOf, type Options, podOf } from "../../test/controller/built-pod.ts";

const variables = create(VariableMapSchema, {
  variables: [{ key: "x", value: { type: { type: { case: "simple", value: 1 } } } }],
});
const rawContainer: Options = {
  container: { dataConfig: { enabled: true, inputPath: "/var/inputs", outputPath: "/var/outputs" } },
  template: {
    type: "raw-container",
    interface: { inputs: variables, outputs: variables },
    target: {
      case: "container",
      value: {
        image: "img",
        command: ["run"],
        dataConfig: { enabled: true, inputPath: "/var/inputs", outputPath: "/var/outputs" },
      },
    },
  },
};

test("a raw container stands between its uploader, first and probed, and its downloader, and sees no storage [controller 110]", () => {
  const { spec, metadata } = podOf(rawContainer);
  expect(spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
    ["flyte-copilot-uploader", "Always"],
    ["flyte-copilot-downloader", undefined],
  ]);
  expect(spec.initContainers?.[0]?.startupProbe?.exec?.command).toEqual(["/bin/flyte-copilot", "ready"]);
  expect(spec.initContainers?.[0]?.args?.slice(0, 9)).toEqual([
    "sidecar",
    "--timeout",
    "1h0m0s",
    "--to-raw-output",
    "/out/r1/a0/1",
    "--to-output-prefix",
    "/out/r1/a0/1",
    "--from-local-dir",
    "/var/outputs",
  ]);
  expect(spec.initContainers?.[1]?.args?.slice(0, 7)).toEqual([
    "download",
    "--from-remote",
    "/in/r1/a0/inputs.pb",
    "--to-output-prefix",
    "/out/r1/a0/1",
    "--to-local-dir",
    "/var/inputs",
  ]);
  expect(spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(["/var/inputs", "/var/outputs"]);
  expect(spec.terminationGracePeriodSeconds).toBe(3_600);
  expect(metadata.annotations).not.toHaveProperty("primary_container_name");
});

test("with a configured Secret no credential stands on a command line, and only co-pilot mounts it [controller 110]", () => {
  const copilot = { ...defaults["co-pilot"], "storage-config-secret-name": "store" };
  const { spec } = podOf({ ...rawContainer, base: "s3://b/out", defaults: { "co-pilot": copilot } });
  for (const { command = [], args = [] } of spec.initContainers ?? [])
    expect([...command, ...args].join(" ")).not.toMatch(/stow\.config|secret|access_key/);
  expect(
    spec.initContainers?.every(
      ({ volumeMounts }) => volumeMounts?.some(({ mountPath }) => mountPath === "/etc/flyte/copilot") ?? false,
    ),
  ).toBe(true);
  expect(spec.containers[0]?.volumeMounts?.some(({ mountPath }) => mountPath === "/etc/flyte/copilot")).toBe(false);
});

test("co-pilot is told of the object store by flags in a fixed order, and by no secret", () => {
  const storage = {
    type: "stow",
    container: "b",
    multiContainer: true,
    kind: "s3",
    config: { auth_type: "iam", region: "eu-west-1", endpoint: "http://127.0.0.1:9000" },
  };
  const { spec } = podOf({ ...rawContainer, base: "s3://b/out", storage });
  expect(spec.initContainers?.map(({ command }) => command)).toEqual(
    Array.from({ length: 2 }, () => [
      "/bin/flyte-copilot",
      "--storage.limits.maxDownloadMBs=0",
      "--logger.level=4",
      "--storage.enable-multicontainer",
      "--storage.container=b",
      "--storage.type=stow",
      "--storage.stow.config",
      "auth_type=iam",
      "--storage.stow.config",
      "region=eu-west-1",
      "--storage.stow.config",
      "endpoint=http://127.0.0.1:9000",
      "--storage.stow.kind=s3",
    ]),
  );
});

test("a mounted Secret is not hidden by flags", () => {
  const copilot = { ...defaults["co-pilot"], "storage-config-secret-name": "store" };
  const storage = { type: "stow", container: "b", multiContainer: false, kind: "s3", config: { auth_type: "iam" } };
  const { spec } = podOf({ ...rawContainer, base: "s3://b/out", defaults: { "co-pilot": copilot }, storage });
  expect(spec.initContainers?.[0]?.command).toEqual([
    "/bin/flyte-copilot",
    "--storage.limits.maxDownloadMBs=0",
    "--logger.level=4",
    "--storage.container=b",
    "--storage.type=stow",
    "--config",
    "/etc/flyte/copilot/*.yaml",
  ]);
});

test("an object store that co-pilot cannot be told of keeps the Pod from being built", () => {
  expect(faultOf({ ...rawContainer, base: "s3://b/out" })).toMatchObject({
    code: "BadTaskDefinition",
    kind: "SYSTEM",
    recovery: "none",
  });
});
