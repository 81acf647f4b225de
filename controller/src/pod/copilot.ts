/** The two co-pilot containers of a raw container task, and what they share with it (contract 6.9, copilot 5.7). */
import { toBinary } from "@bufbuild/protobuf";
import {
  copilotCommand,
  copilotConfigFolder,
  copilotConfigVolume,
  copilotProgram,
  downloadArgs,
  downloaderContainer,
  parseStorageUri,
  sidecarArgs,
  uploaderContainer,
} from "@flyte-dataplane/core";
import { TypedInterfaceSchema, VariableMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/interface";
import {
  type DataLoadingConfig,
  DataLoadingConfig_FileInputLayout,
  DataLoadingConfig_LiteralMapFormat,
} from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import type { Container, PodSpec, Volume, VolumeMount } from "../cluster/pod-object.ts";
import type { CopilotConfig } from "../config.ts";
import type { Task } from "../task.ts";
import { storageSize } from "./resources.ts";

/** How co-pilot reaches the object store, where its configuration does not come from a mounted Secret. */
export interface PodStorage {
  /** `stow`, `s3` or `minio`. */
  readonly type: string;
  readonly container: string;
  /** Other buckets of the store may be touched, too. */
  readonly multiContainer: boolean;
  /** Name of the store in co-pilot's settings, such as `s3`. */
  readonly kind: string;
  /** Settings of that store. They stand in Pods for everyone to read: no secret belongs here. */
  readonly config: Readonly<Record<string, string>>;
}

export interface CopilotPlacement {
  readonly task: Task;
  /** Name of the container that gets the inputs and leaves the outputs. */
  readonly primary: string;
  readonly config: CopilotConfig;
  readonly storage: PodStorage | undefined;
}

/**
 * `spec` with inputs laid out before the task starts and outputs published once it has ended; unchanged where the task
 * handles its data itself. Throws `failed_precondition` where nothing says how co-pilot reaches the store.
 */
export function addCopilot(spec: PodSpec, { task, primary, config, storage }: CopilotPlacement): PodSpec {
  const data = dataConfig(task);
  const typed = task.template.interface;
  if (data?.enabled !== true || typed === undefined) return spec;
  const inputs: Share = { path: data.inputPath || config["default-input-path"], volume: config["input-vol-name"] };
  const outputs: Share = { path: data.outputPath || config["default-output-path"], volume: config["output-vol-name"] };
  const hasInputs = (typed.inputs?.variables.length ?? 0) > 0;
  const shares = [...(hasInputs ? [inputs] : []), ...(task.hasOutputs ? [outputs] : [])];
  if (shares.length === 0) return spec;
  const command = storeCommand(task, config, storage);
  // First in the list: it must be there to see the end of everything that follows.
  const uploader = task.hasOutputs ? [uploaderOf(task, outputs, config, command)] : [];
  const downloader = hasInputs ? [downloaderOf(task, data, inputs, config, command)] : [];
  return {
    ...spec,
    initContainers: [...uploader, ...(spec.initContainers ?? []), ...downloader],
    containers: spec.containers.map((container) =>
      container.name === primary ? withMounts(container, shares) : container,
    ),
    volumes: [...(spec.volumes ?? []), ...secretVolumes(config), ...shares.map((shared) => volumeOf(shared, task))],
    ...(task.hasOutputs && { terminationGracePeriodSeconds: graceSeconds(spec, config) }),
  };
}

/** As long as an upload may take, and no less than the task asks for itself. */
function graceSeconds({ terminationGracePeriodSeconds: asked }: PodSpec, { timeout }: CopilotConfig): number {
  return Math.max(Math.ceil(timeout / 1000), typeof asked === "number" ? asked : 0);
}

/** A volume between the task and co-pilot. */
interface Share {
  readonly path: string;
  readonly volume: string;
}

function dataConfig(task: Task): DataLoadingConfig | undefined {
  const { target } = task.template;
  return target.case === "container" || target.case === "k8sPod" ? target.value.dataConfig : undefined;
}

function uploaderOf(task: Task, outputs: Share, config: CopilotConfig, command: readonly string[]): Container {
  const args = sidecarArgs({
    timeoutMs: config.timeout,
    toRawOutput: task.prefix,
    toOutputPrefix: task.prefix,
    fromLocalDir: outputs.path,
    interface:
      task.template.interface === undefined
        ? new Uint8Array()
        : toBinary(TypedInterfaceSchema, task.template.interface),
  });
  return {
    ...copilotContainer(uploaderContainer, command, outputs, config),
    args,
    restartPolicy: "Always",
    // Nothing else starts before its signal handler stands, so that the task's end is never missed.
    startupProbe: {
      exec: { command: [copilotProgram, "ready"] },
      periodSeconds: 1,
      timeoutSeconds: 5,
      failureThreshold: 60,
    },
  };
}

function downloaderOf(
  task: Task,
  data: DataLoadingConfig,
  inputs: Share,
  config: CopilotConfig,
  command: readonly string[],
): Container {
  const args = downloadArgs({
    fromRemote: task.inputsUri,
    toOutputPrefix: task.prefix,
    toLocalDir: inputs.path,
    format: formats[data.format],
    fileInputLayout: data.fileInputLayout === DataLoadingConfig_FileInputLayout.NAMED_DIR ? "NAMED_DIR" : "DIRECT",
    inputInterface:
      task.template.interface?.inputs === undefined
        ? new Uint8Array()
        : toBinary(VariableMapSchema, task.template.interface.inputs),
  });
  // A failed download must keep the task from running on half of its inputs.
  return { ...copilotContainer(downloaderContainer, command, inputs, config), args: [...args, "--strict-exit"] };
}

const formats = {
  [DataLoadingConfig_LiteralMapFormat.JSON]: "JSON",
  [DataLoadingConfig_LiteralMapFormat.YAML]: "YAML",
  [DataLoadingConfig_LiteralMapFormat.PROTO]: "PROTO",
} as const;

function copilotContainer(name: string, command: readonly string[], shared: Share, config: CopilotConfig): Container {
  const amounts = { cpu: config.cpu, memory: config.memory };
  const secret =
    config["storage-config-secret-name"] === ""
      ? []
      : [{ name: copilotConfigVolume, mountPath: copilotConfigFolder, readOnly: true }];
  const variables = Object.entries(config.env).map(([variable, value]) => ({ name: variable, value }));
  return {
    name,
    image: config.image,
    imagePullPolicy: "IfNotPresent",
    workingDir: "/",
    command,
    resources: { requests: amounts, limits: amounts },
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: [{ name: shared.volume, mountPath: shared.path }, ...secret],
    ...(variables.length > 0 && { env: variables }),
    ...(config.restricted && { securityContext: restrictions }),
  };
}

/** What the strictest of the Pod security standards asks of a container, and a root file system that stays as it is. */
const restrictions = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/**
 * Credentials never stand on a command line: file storage needs none; for an object store they come from the mounted
 * Secret, or from where `storage` says that co-pilot finds them.
 */
function storeCommand(task: Task, config: CopilotConfig, storage: PodStorage | undefined): readonly string[] {
  const loggerLevel = config["log-level"];
  const uri = parseStorageUri(task.prefix);
  if (uri.scheme === "file") {
    return copilotCommand({
      loggerLevel,
      enableMultiContainer: true,
      storageType: "local",
      stow: { kind: "local", config: { path: "/" } },
    });
  }
  const configFiles = config["storage-config-secret-name"] !== "";
  return copilotCommand({
    loggerLevel,
    enableMultiContainer: storage?.multiContainer ?? true,
    container: storage?.container ?? uri.bucket,
    storageType: storage?.type ?? "stow",
    configFiles,
    // The Secret is complete: pairs beside it would hide what it says.
    ...(!configFiles && storage !== undefined && { stow: { kind: storage.kind, config: storage.config } }),
  });
}

function withMounts(container: Container, shares: readonly Share[]): Container {
  const mounts: readonly VolumeMount[] = shares.map(({ path, volume }) => ({ name: volume, mountPath: path }));
  return {
    ...container,
    securityContext: container["securityContext"] ?? { capabilities: {} },
    volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
  };
}

function volumeOf({ volume }: Share, task: Task): Volume {
  const { target } = task.template;
  const sizeLimit = target.case === "container" ? storageSize(target.value.resources) : undefined;
  return { name: volume, emptyDir: sizeLimit === undefined ? {} : { sizeLimit } };
}

function secretVolumes(config: CopilotConfig): readonly Volume[] {
  const name = config["storage-config-secret-name"];
  return name === ""
    ? []
    : [{ name: copilotConfigVolume, projected: { defaultMode: 0o444, sources: [{ secret: { name } }] } }];
}
