/** What a Pod gets beside its task, piece by piece. */
import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { TypedInterfaceSchema, VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import { DataLoadingConfig_FileInputLayout } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import { describe, expect, test } from "vitest";
import { defaults, type Options, podOf } from "../../test/controller/built-pod.ts";

const x = create(VariableMapSchema, {
  variables: [{ key: "x", value: { type: { type: { case: "simple", value: 1 } } } }],
});
const none = create(VariableMapSchema);
const storage = {
  type: "stow",
  container: "b",
  multiContainer: false,
  kind: "s3",
  config: { auth_type: "iam", region: "eu-west-1" },
};

interface Case {
  readonly inputs?: boolean;
  readonly outputs?: boolean;
  readonly dataConfig?: object;
  readonly secret?: string;
  readonly copilot?: Partial<(typeof defaults)["co-pilot"]>;
}

function options(given: Case = {}): Options {
  const { inputs = true, outputs = true, dataConfig = { enabled: true }, secret = "", copilot = {} } = given;
  return {
    base: "s3://b/out",
    storage,
    defaults: { "co-pilot": { ...defaults["co-pilot"], "storage-config-secret-name": secret, ...copilot } },
    template: {
      type: "raw-container",
      interface: { inputs: inputs ? x : none, outputs: outputs ? x : none },
      target: { case: "container", value: { image: "img", command: ["run"], dataConfig } },
    },
  };
}

const build = (given: Case = {}) => podOf(options(given)).spec;
const initNames = (given: Case) => build(given).initContainers?.map(({ name }) => name);
const prefix = /^s3:\/\/b\/[a-z0-9]{2}\/out\/a0\/1$/;

describe("co-pilot", () => {
  test("stands around a Pod's own init containers, its uploader as a sidecar [copilot 84]", () => {
    const podSpec = {
      initContainers: [{ name: "own", image: "img" }],
      containers: [{ name: "main", image: "img", command: ["run"] }],
    };
    const { spec } = podOf({
      ...options(),
      template: {
        type: "raw-container",
        interface: { inputs: x, outputs: x },
        target: { case: "k8sPod", value: { podSpec, primaryContainerName: "main", dataConfig: { enabled: true } } },
      },
    });
    expect(spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ["flyte-copilot-uploader", "Always"],
      ["own", undefined],
      ["flyte-copilot-downloader", undefined],
    ]);
  });

  test("has no uploader without outputs, no downloader without inputs, and neither without both [copilot 85]", () => {
    expect(initNames({ outputs: false })).toEqual(["flyte-copilot-downloader"]);
    expect(build({ outputs: false })).not.toHaveProperty("terminationGracePeriodSeconds");
    expect(initNames({ inputs: false })).toEqual(["flyte-copilot-uploader"]);
    const bare = build({ inputs: false, outputs: false, secret: "store" });
    for (const field of ["initContainers", "volumes", "terminationGracePeriodSeconds"])
      expect(bare).not.toHaveProperty(field);
  });

  test("is named, placed and limited as agreed [copilot 86]", () => {
    const { initContainers = [], volumes, containers } = build();
    const [uploader, downloader] = initContainers;
    const amounts = { cpu: "500m", memory: "128Mi" };
    expect([uploader?.name, downloader?.name]).toEqual(["flyte-copilot-uploader", "flyte-copilot-downloader"]);
    for (const container of [uploader, downloader]) {
      expect(container).toMatchObject({
        image: "flyte-copilot",
        imagePullPolicy: "IfNotPresent",
        workingDir: "/",
        resources: { requests: amounts, limits: amounts },
        terminationMessagePolicy: "FallbackToLogsOnError",
      });
      for (const field of ["env", "envFrom", "securityContext", "ports", "livenessProbe", "readinessProbe"])
        expect(container).not.toHaveProperty(field);
    }
    expect(uploader?.volumeMounts).toEqual([{ name: "flyte-outputs", mountPath: "/var/flyte/outputs" }]);
    expect(downloader?.volumeMounts).toEqual([{ name: "flyte-inputs", mountPath: "/var/flyte/inputs" }]);
    expect(volumes).toEqual([
      { name: "flyte-inputs", emptyDir: {} },
      { name: "flyte-outputs", emptyDir: {} },
    ]);
    expect(containers[0]?.volumeMounts).toEqual([
      { name: "flyte-inputs", mountPath: "/var/flyte/inputs" },
      { name: "flyte-outputs", mountPath: "/var/flyte/outputs" },
    ]);
    expect(containers[0]?.["securityContext"]).toEqual({ capabilities: {} });
  });

  test("runs without rights, with variables and amounts of its own, where that is configured; the sidecar says when it has started [copilot B54]", () => {
    const copilot = { restricted: true, env: { HTTPS_PROXY: "http://proxy:3128" }, cpu: "2", memory: "1Gi" };
    const { initContainers = [], containers } = build({ copilot });
    const amounts = { cpu: "2", memory: "1Gi" };
    for (const container of initContainers) {
      expect(container).toMatchObject({
        env: [{ name: "HTTPS_PROXY", value: "http://proxy:3128" }],
        resources: { requests: amounts, limits: amounts },
        securityContext: {
          runAsNonRoot: true,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          seccompProfile: { type: "RuntimeDefault" },
        },
      });
    }
    expect(initContainers.map((container) => container["startupProbe"])).toEqual([
      expect.objectContaining({ exec: { command: ["/bin/flyte-copilot", "ready"] } }),
      undefined,
    ]);
    // Of the task's own container nothing of this is known.
    expect(containers[0]?.["securityContext"]).toEqual({ capabilities: {} });
    expect(containers[0]?.env ?? []).not.toContainEqual(expect.objectContaining({ name: "HTTPS_PROXY" }));
  });

  test("is called token for token as agreed, its downloader strictly [copilot 87]", () => {
    const dataConfig = { enabled: true, fileInputLayout: DataLoadingConfig_FileInputLayout.NAMED_DIR };
    const [uploader, downloader] = build({ dataConfig }).initContainers ?? [];
    const command = [
      "/bin/flyte-copilot",
      "--storage.limits.maxDownloadMBs=0",
      "--logger.level=4",
      "--storage.container=b",
      "--storage.type=stow",
      "--storage.stow.config",
      "auth_type=iam",
      "--storage.stow.config",
      "region=eu-west-1",
      "--storage.stow.kind=s3",
    ];
    expect([uploader?.command, downloader?.command]).toEqual([command, command]);
    const typed = create(TypedInterfaceSchema, { inputs: x, outputs: x });
    expect(uploader?.args).toEqual([
      "sidecar",
      "--timeout",
      "1h0m0s",
      "--to-raw-output",
      expect.stringMatching(prefix),
      "--to-output-prefix",
      expect.stringMatching(prefix),
      "--from-local-dir",
      "/var/flyte/outputs",
      "--interface",
      Buffer.from(toBinary(TypedInterfaceSchema, typed)).toString("base64"),
    ]);
    expect(downloader?.args).toEqual([
      "download",
      "--from-remote",
      "/in/r1/a0/inputs.pb",
      "--to-output-prefix",
      expect.stringMatching(prefix),
      "--to-local-dir",
      "/var/flyte/inputs",
      "--format",
      "JSON",
      "--file-input-layout",
      "NAMED_DIR",
      "--input-interface",
      Buffer.from(toBinary(VariableMapSchema, x)).toString("base64"),
      // Ours: the task must not run on half of its inputs.
      "--strict-exit",
    ]);
  });

  test("with a Secret names it once, readable by all of its containers and not by the task [copilot 88,89]", () => {
    const { volumes = [], containers, initContainers = [] } = build({ secret: "store" });
    const mount = { name: "flyte-copilot-storage-config", mountPath: "/etc/flyte/copilot", readOnly: true };
    expect(volumes.map(({ name }) => name)).toEqual(["flyte-copilot-storage-config", "flyte-inputs", "flyte-outputs"]);
    expect(volumes[0]).toEqual({
      name: "flyte-copilot-storage-config",
      projected: { defaultMode: 0o444, sources: [{ secret: { name: "store" } }] },
    });
    for (const { volumeMounts } of initContainers) expect(volumeMounts).toContainEqual(mount);
    expect(containers[0]?.volumeMounts?.map(({ name }) => name)).toEqual(["flyte-inputs", "flyte-outputs"]);
    const config = { ...storage.config, access_key_id: "AKHIDDEN", secret_key: "hidden" };
    const whole = JSON.stringify(podOf({ ...options({ secret: "store" }), storage: { ...storage, config } }));
    expect(whole).not.toMatch(/hidden|AKHIDDEN|stow\.config/);
  });

  test("is not there where the task's data configuration is absent or off [copilot 90]", () => {
    const plain = podOf({
      ...options(),
      template: { ...options().template, interface: { inputs: none, outputs: none } },
    });
    for (const dataConfig of [undefined, { enabled: false }]) {
      const { spec } = podOf({
        ...options(),
        template: {
          type: "raw-container",
          interface: { inputs: x, outputs: x },
          target: {
            case: "container",
            value: { image: "img", command: ["run"], ...(dataConfig !== undefined && { dataConfig }) },
          },
        },
      });
      for (const field of ["initContainers", "volumes", "terminationGracePeriodSeconds"])
        expect(spec).not.toHaveProperty(field);
      expect(spec.containers.map(({ name }) => name)).toEqual(plain.spec.containers.map(({ name }) => name));
      expect(spec.containers[0]).not.toHaveProperty("volumeMounts");
    }
  });

  test("uses the task's own paths where it names some [copilot 91]", () => {
    const dataConfig = { enabled: true, inputPath: "/mnt/in", outputPath: "/mnt/out" };
    const { initContainers, containers } = build({ dataConfig });
    expect(initContainers?.map(({ volumeMounts }) => volumeMounts?.map(({ mountPath }) => mountPath))).toEqual([
      ["/mnt/out"],
      ["/mnt/in"],
    ]);
    expect(containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(["/mnt/in", "/mnt/out"]);
  });

  test("leaves a Pod the time to end that it asks for itself, where that is more", () => {
    const graceOf = (terminationGracePeriodSeconds: number) => {
      const podSpec = { terminationGracePeriodSeconds, containers: [{ name: "main", image: "img", command: ["run"] }] };
      const { spec } = podOf({
        ...options(),
        template: {
          type: "raw-container",
          interface: { inputs: x, outputs: x },
          target: { case: "k8sPod", value: { podSpec, primaryContainerName: "main", dataConfig: { enabled: true } } },
        },
      });
      return spec.terminationGracePeriodSeconds;
    };
    const own = defaults["co-pilot"].timeout / 1000;
    expect([graceOf(own + 100), graceOf(30)]).toEqual([own + 100, own]);
  });

  test("is given as long to end as its upload may take [copilot 92]", () => {
    for (const timeout of [1_001, defaults["co-pilot"].timeout, 7_200_001]) {
      const { spec } = podOf({ ...options(), defaults: { "co-pilot": { ...defaults["co-pilot"], timeout } } });
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(timeout / 1000);
    }
  });
});
