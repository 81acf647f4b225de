/** The controller's sections. Keys are those of the contract's section 7; only those that something reads are here. */
import {
  bytes,
  defineSection,
  duration,
  flag,
  integer,
  type Section,
  text,
  textMap,
} from "@flyte-dataplane/runtime/config";

export interface ControllerConfig {
  readonly executor: ExecutorConfig;
  readonly actions: ActionsConfig;
  readonly plugins: PluginsConfig;
}

export interface ExecutorConfig {
  readonly cluster: string;
  readonly defaultK8sServiceAccount: string;
  readonly maxSystemFailures: number;
  readonly maxConcurrentReconciles: number;
  readonly systemFailureResetAfter: number;
  readonly systemRetry: { readonly base: number; readonly cap: number };
  readonly safetyPollInterval: number;
  readonly events: EventsConfig;
  readonly maxOutputBytes: number;
  readonly timeouts: { readonly enabled: boolean };
  readonly podDeleteOnTerminal: boolean;
  readonly logArchive: { readonly timeout: number; readonly maxBytes: number };
  readonly gc: GcConfig;
}

export interface GcConfig {
  readonly interval: number;
  readonly maxTTL: number;
  readonly childTTL: number;
  readonly deletesPerSecond: number;
}

export interface EventsConfig {
  readonly maxBatch: number;
  readonly maxDelay: number;
  readonly timeout: number;
  readonly terminalLag: number;
}

export interface ActionsConfig {
  readonly maxObjectBytes: number;
  readonly relay: { readonly concurrency: number; readonly maxBackoff: number };
  readonly watch: { readonly keepAlive: number };
}

export interface PluginsConfig {
  readonly k8s: PodDefaults;
}

/** What operators decide about every Pod (contract 7.3). */
export interface PodDefaults {
  readonly "default-annotations": Readonly<Record<string, string>>;
  readonly "default-labels": Readonly<Record<string, string>>;
  readonly "default-env-vars": Readonly<Record<string, string>>;
  readonly "default-cpus": string;
  readonly "default-memory": string;
  readonly "image-pull-policy": string;
  readonly "scheduler-name": string;
  readonly "default-node-selector": Readonly<Record<string, string>>;
  readonly "create-container-error-grace-period": number;
  readonly "create-container-config-error-grace-period": number;
  readonly "image-pull-backoff-grace-period": number;
  readonly "pod-pending-timeout": number;
  readonly "co-pilot": CopilotConfig;
}

export interface CopilotConfig {
  readonly image: string;
  readonly "default-input-path": string;
  readonly "default-output-path": string;
  readonly "input-vol-name": string;
  readonly "output-vol-name": string;
  readonly timeout: number;
  readonly cpu: string;
  readonly memory: string;
  readonly "log-level": number;
  readonly "storage-config-secret-name": string;
  readonly restricted: boolean;
  readonly env: Readonly<Record<string, string>>;
}

const seconds = 1_000;
const minutes = 60 * seconds;

export const executorSection: Section<ExecutorConfig> = defineSection<ExecutorConfig>(
  "executor",
  "The controller of TaskAction objects.",
  {
    cluster: text({ doc: "Name of this cluster in action events.", default: "" }),
    defaultK8sServiceAccount: text({ doc: "Service account of task Pods whose template names none.", default: "" }),
    maxSystemFailures: integer({
      doc: "Relaunches of one attempt after failures that are not the task's own; 0 reads as 3.",
      default: 3,
      min: 0,
    }),
    maxConcurrentReconciles: integer({ doc: "Actions looked at at the same time.", default: 128, min: 1 }),
    systemFailureResetAfter: duration({
      doc: "Running this long without interruption forgets earlier relaunches.",
      default: 5 * minutes,
    }),
    systemRetry: {
      base: duration({ doc: "Delay before the first relaunch; doubles each time.", default: seconds }),
      cap: duration({ doc: "Longest delay between relaunches.", default: minutes }),
    },
    safetyPollInterval: duration({
      doc: "A live action is looked at this often even when nothing reports a change.",
      default: 5 * minutes,
    }),
    events: {
      maxBatch: integer({ doc: "Events in one call to the events service.", default: 400, min: 1, max: 2_000 }),
      maxDelay: duration({ doc: "How long the first event of a batch waits for others.", default: 25 }),
      timeout: duration({ doc: "Deadline of one call to the events service.", default: 30 * seconds }),
      terminalLag: duration({
        doc: "After this long without the events service a final status is written before its event.",
        default: 10 * minutes,
      }),
    },
    maxOutputBytes: bytes({ doc: "A larger outputs file fails the task.", default: 10 * 1024 * 1024 }),
    timeouts: { enabled: flag({ doc: "Enforce the three time limits of task templates.", default: true }) },
    podDeleteOnTerminal: flag({
      doc: "Delete a succeeded Pod once its logs are archived; failed Pods are always deleted.",
      default: true,
    }),
    logArchive: {
      timeout: duration({ doc: "Time for archiving the logs of one Pod.", default: 30 * seconds }),
      maxBytes: bytes({ doc: "Bytes kept of one container's log; the tail stays.", default: 64 * 1024 * 1024 }),
    },
    gc: {
      interval: duration({
        doc: "Finished actions are looked for this often; 0 keeps them all.",
        default: 30 * minutes,
      }),
      maxTTL: duration({ doc: "A run that has ended stays this long, with all its actions.", default: 60 * minutes }),
      childTTL: duration({
        doc: "Finished actions of a run that goes on stay this long; 0 keeps them as long as the run.",
        default: 0,
      }),
      deletesPerSecond: integer({ doc: "Most deletions in a second.", default: 50, min: 1, max: 1_000 }),
    },
  },
);

export const actionsSection: Section<ActionsConfig> = defineSection<ActionsConfig>(
  "actions",
  "The service that creates, watches and aborts actions.",
  {
    maxObjectBytes: bytes({ doc: "Largest encoded TaskAction accepted.", default: 921_600 }),
    relay: {
      concurrency: integer({ doc: "Calls to the run service at the same time.", default: 64, min: 1 }),
      maxBackoff: duration({ doc: "Longest delay before a refused call is repeated.", default: 30 * seconds }),
    },
    watch: { keepAlive: duration({ doc: "An idle stream repeats its sentinel this often.", default: 20 * seconds }) },
  },
);

export const pluginsSection: Section<PluginsConfig> = defineSection<PluginsConfig>(
  "plugins",
  "What operators decide about task Pods.",
  {
    k8s: {
      "default-annotations": textMap({
        doc: "Annotations of every task Pod.",
        default: { "cluster-autoscaler.kubernetes.io/safe-to-evict": "false" },
      }),
      "default-labels": textMap({ doc: "Labels of every task Pod.", default: {} }),
      "default-env-vars": textMap({ doc: "Environment of every task container; wins over the run's.", default: {} }),
      "default-cpus": text({ doc: "CPU of a primary container that asks for none.", default: "1000m" }),
      "default-memory": text({ doc: "Memory of a primary container that asks for none.", default: "1024Mi" }),
      "image-pull-policy": text({ doc: "Pull policy of task containers; empty leaves it to Kubernetes.", default: "" }),
      "scheduler-name": text({ doc: "Scheduler of task Pods.", default: "" }),
      "default-node-selector": textMap({ doc: "Node selector of task Pods.", default: {} }),
      "create-container-error-grace-period": duration({
        doc: "CreateContainerError may last this long.",
        default: 3 * minutes,
      }),
      "create-container-config-error-grace-period": duration({
        doc: "CreateContainerConfigError may last this long.",
        default: 0,
      }),
      "image-pull-backoff-grace-period": duration({
        doc: "ImagePullBackOff may last this long.",
        default: 3 * minutes,
      }),
      "pod-pending-timeout": duration({ doc: "A Pod pending longer is relaunched; 0 is off.", default: 0 }),
      "co-pilot": {
        image: text({ doc: "Image of the co-pilot containers.", default: "flyte-copilot" }),
        "default-input-path": text({
          doc: "Where inputs are laid out unless the task says.",
          default: "/var/flyte/inputs",
        }),
        "default-output-path": text({
          doc: "Where outputs are collected unless the task says.",
          default: "/var/flyte/outputs",
        }),
        "input-vol-name": text({ doc: "Name of the inputs volume.", default: "flyte-inputs" }),
        "output-vol-name": text({ doc: "Name of the outputs volume.", default: "flyte-outputs" }),
        timeout: duration({
          doc: "Limit of the upload, and grace period of Pods with an uploader.",
          default: 60 * minutes,
        }),
        cpu: text({ doc: "CPU of a co-pilot container.", default: "500m" }),
        memory: text({ doc: "Memory of a co-pilot container.", default: "128Mi" }),
        "log-level": integer({ doc: "Log level handed to co-pilot.", default: 4 }),
        "storage-config-secret-name": text({
          doc: "Secret with co-pilot's storage configuration; empty: its flags name a bucket's store, and files need none.",
          default: "",
        }),
        restricted: flag({
          doc: "Co-pilot runs as user 65532 without any right, as restricted namespaces ask; what it uploads has to be readable by others.",
          default: false,
        }),
        env: textMap({ doc: "Variables of the co-pilot containers; no place for secrets.", default: {} }),
      },
    },
  },
);
