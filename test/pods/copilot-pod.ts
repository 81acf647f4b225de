/** The Pod that our controller builds for a container task, and what became of it on the node. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { DataLoadingConfig_LiteralMapFormat } from "@flyte-dataplane/proto/flyteidl2/core/tasks";
import type { LiteralTypeSchema } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { defaults, podOf } from "../../controller/test/controller/built-pod.ts";
import { copilotImage, type KubernetesNode, namespace, taskImage, until } from "./cluster.ts";

type Type = MessageInitShape<typeof LiteralTypeSchema>;

export const secretName = "copilot-storage";

export interface CopilotTask {
  /** Name of the Pod, and of its folder at the store. */
  readonly name: string;
  readonly bucket: string;
  /** Shell script of the task's container. */
  readonly script: string;
  readonly inputs?: Readonly<Record<string, Type>>;
  readonly outputs: Readonly<Record<string, Type>>;
  /** The co-pilot's containers may do nothing but their work. */
  readonly restricted?: boolean;
}

export interface BuiltPod {
  readonly manifest: string;
  /** Folder of the attempt in the bucket. */
  readonly prefix: string;
}

/** What nobody needs who only moves files. */
const restrictions = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};

export function copilotPod({ name, bucket, script, inputs, outputs, restricted = false }: CopilotTask): BuiltPod {
  const pod = podOf({
    base: `s3://${bucket}/${name}`,
    inputUri: `s3://${bucket}/${name}`,
    defaults: {
      "image-pull-policy": "Never",
      "co-pilot": { ...defaults["co-pilot"], image: copilotImage, "storage-config-secret-name": secretName },
    },
    template: {
      type: "raw-container",
      interface: { inputs: variables(inputs ?? {}), outputs: variables(outputs) },
      target: {
        case: "container",
        value: {
          image: taskImage,
          command: ["/bin/sh", "-c", script],
          dataConfig: {
            enabled: true,
            inputPath: "/var/inputs",
            outputPath: "/var/outputs",
            format: DataLoadingConfig_LiteralMapFormat.JSON,
          },
        },
      },
    },
  });
  const { initContainers = [] } = pod.spec;
  const words = initContainers.flatMap(({ args = [] }) => args);
  const prefix = words[words.indexOf("--to-output-prefix") + 1] ?? "";
  const manifest = {
    ...pod,
    // The action that would own it is not there, and the node's garbage collector would come for the Pod.
    metadata: { name, namespace, labels: pod.metadata.labels },
    spec: {
      ...pod.spec,
      initContainers: initContainers.map((container) => ({
        ...container,
        ...(restricted && { securityContext: restrictions }),
      })),
    },
  };
  return { manifest: JSON.stringify(manifest), prefix: prefix.slice(`s3://${bucket}/`.length) };
}

function variables(types: Readonly<Record<string, Type>>) {
  return { variables: Object.entries(types).map(([key, type]) => ({ key, value: { type } })) };
}

export interface EndedContainer {
  readonly name: string;
  readonly exitCode: number;
  readonly message: string;
  readonly restarts: number;
}

export interface EndedPod {
  readonly phase: string;
  /** Those that ran and ended. */
  readonly containers: readonly EndedContainer[];
}

/** Resolves once the Pod has ended, with all its containers. */
export async function endOf(node: KubernetesNode, name: string): Promise<EndedPod> {
  return await until(async () => {
    const pod = JSON.parse(await node.kubectl(["get", "pod", name, "--output", "json"])) as ReadPod;
    const { phase = "", initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
    if (phase !== "Succeeded" && phase !== "Failed") throw new Error(phase);
    const containers = [...initContainerStatuses, ...containerStatuses].flatMap(({ name: own, state, restartCount }) =>
      state?.terminated === undefined
        ? []
        : [
            {
              name: own,
              exitCode: state.terminated.exitCode,
              message: state.terminated.message ?? "",
              restarts: restartCount,
            },
          ],
    );
    return { phase, containers };
  });
}

interface ReadPod {
  readonly status?: {
    readonly phase?: string;
    readonly initContainerStatuses?: readonly ReadContainer[];
    readonly containerStatuses?: readonly ReadContainer[];
  };
}

interface ReadContainer {
  readonly name: string;
  readonly restartCount: number;
  readonly state?: { readonly terminated?: { readonly exitCode: number; readonly message?: string } };
}
