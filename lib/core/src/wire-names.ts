/**
 * Every name that crosses a process: object and file names, labels, annotations, finalizers, environment variables.
 * A name appears here once; everything else refers to it.
 */

// Objects of a run.
export const inputsFile = "inputs.pb";
export const outputsFile = "outputs.pb";
/** The error document that the controller and the SDK read. */
export const errorFile = "error.pb";
/** Copilot's default name for the same document. */
export const copilotErrorFile = "errors.pb";
export const reportFile = "report.html";
export const deckFile = "deck.html";
export const checkpointFolder = "_flytecheckpoints";
export const offloadedInputsFolder = "offloaded-inputs";

// Files in a raw container's volumes.
export const inputsJsonFile = "inputs.json";
export const inputsYamlFile = "inputs.yaml";
/** Written by the task to report its own failure. */
export const taskErrorFile = "_ERROR";
export const taskSuccessFile = "_SUCCESS";
export const defaultInputPath = "/var/flyte/inputs";
export const defaultOutputPath = "/var/flyte/outputs";

// Actions.
/** Every run's first action. */
export const rootActionName = "a0";
export const rawContainerTaskType = "raw-container";

// Kubernetes: the TaskAction resource.
export const flyteGroup = "flyte.org";
export const taskActionApiVersion = "flyte.org/v1";
export const taskActionKind = "TaskAction";
export const taskActionPlural = "taskactions";
export const pluginFinalizer = "flyte.org/plugin-finalizer";
export const fieldManager = "flyte-executor";

export const projectLabel = "flyte.org/project";
export const domainLabel = "flyte.org/domain";
export const runLabel = "flyte.org/run";
export const actionLabel = "flyte.org/action";
export const actionTypeLabel = "flyte.org/action-type";
export const isRootLabel = "flyte.org/is-root";
export const terminationStatusLabel = "flyte.org/termination-status";
export const terminatedValue = "terminated";
/** UTC, `YYYY-MM-DD.HH-mm`. */
export const completedTimeLabel = "flyte.org/completed-time";
export const terminalStatusRecordedLabel = "flyte.org/terminal-status-recorded";
export const abortReasonAnnotation = "flyte.org/abort-reason";
export const abortedByAnnotation = "flyte.org/aborted-by";
/** `true` on the actions of a run that is to compute afresh what the cache holds. */
export const overwriteCacheAnnotation = "flyte.org/overwrite-cache";

// Kubernetes: Pods.
export const managedLabel = "flyte.org/managed";
export const podOrganizationLabel = "organization";
export const podProjectLabel = "project";
export const podDomainLabel = "domain";
export const podRunLabel = "run";
export const podActionLabel = "action";
export const podAttemptLabel = "attempt";
export const podTaskNameLabel = "task-name";
export const podFinalizer = "flyte/flytek8s";
export const primaryContainerAnnotation = "primary_container_name";

// Copilot in a Pod.
export const copilotProgram = "/bin/flyte-copilot";
export const copilotNamePrefix = "flyte-copilot-";
export const downloaderContainer = "flyte-copilot-downloader";
export const uploaderContainer = "flyte-copilot-uploader";
export const inputsVolume = "flyte-inputs";
export const outputsVolume = "flyte-outputs";
export const copilotConfigVolume = "flyte-copilot-storage-config";
export const copilotConfigFolder = "/etc/flyte/copilot";
export const copilotConfigGlob = "/etc/flyte/copilot/*.yaml";

// Codes of the error documents that copilot writes.
export const inputDownloadFailed = "InputDownloadFailed";
export const outputUploadFailed = "OutputUploadFailed";

// Cache.
export const reservationKeyPrefix = "reservation:";
/** Keys of `key_map` in a cache entry's metadata: which execution produced it. */
export const cacheKeyMapNames = {
  taskVersion: "task-version",
  runName: "execution-name",
  project: "exec-project",
  domain: "exec-domain",
  org: "exec-org",
  actionName: "exec-node",
  /** Retries so far, zero-based decimal. */
  attempt: "exec-attempt",
} as const;
