export { type BackoffPolicy, backoffDelay } from "./backoff.ts";
export {
  type CacheKeyParts,
  cacheKey,
  type InterfaceHashOptions,
  interfaceHash,
} from "./cache-key/cache-key.ts";
export {
  type CompositeKey,
  type CompositeKeyOptions,
  compositeKey,
  formatCompositeKey,
  scopedKey,
} from "./cache-key/composite-key.ts";
export { childInputsHash, foldRunStartTime, inlineInputsHash } from "./cache-key/inputs-hash.ts";
export {
  choiceOf,
  type DownloadMode,
  downloadModes,
  type FileInputLayout,
  fileInputLayouts,
  type MetadataFormat,
  metadataFormats,
  type UploadMode,
  uploadModes,
  type WatcherType,
  watcherTypes,
} from "./copilot-args/choices.ts";
export {
  type CopilotCommandOptions,
  copilotCommand,
  type DownloadArgs,
  downloadArgs,
  type SidecarArgs,
  type StowSettings,
  sidecarArgs,
} from "./copilot-args/encode.ts";
export { copilotFlagNames, isCopilotFlag } from "./copilot-args/flag-table.ts";
export type {
  ConfigAction,
  CopilotCommand,
  CopilotInvocation,
  CopilotOptions,
  DownloadOptions,
  SidecarOptions,
} from "./copilot-args/invocation.ts";
export { parseCopilotArgs } from "./copilot-args/parse.ts";
export { decodeErrorDocument, encodeErrorDocument, failureOf, type TaskFailure } from "./error-document.ts";
export { type ErrorRow, errorTable, isRecoverable } from "./error-table.ts";
export {
  abortError,
  DataPlaneError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorOrigin,
  errorCode,
} from "./errors.ts";
export { inputsUriHash, uploadedInputsHash, withoutIgnored } from "./input-hash.ts";
export type { KubernetesObject, ObjectMeta, OwnerReference } from "./kubernetes-object.ts";
export { isLabelKey, isLabelValue } from "./label-syntax.ts";
export { decodeInputs, decodeLiteral, decodeLiteralMap, decodeOutputs } from "./literals/decode.ts";
export { fromPlain } from "./literals/from-plain.ts";
export type { PlainLiteral } from "./literals/plain-literal.ts";
export { formatPrimitive, parseSimple } from "./literals/simple-text.ts";
export { toPlain } from "./literals/to-plain.ts";
export { parseTaskAction } from "./parse-task-action.ts";
export type { Clock, Env, LogFields, Logger, MetricLabels, MetricOptions, Metrics } from "./ports.ts";
export {
  type AttemptRef,
  archivedLogUri,
  attemptPrefix,
  checkpointUri,
  deckUri,
  errorUri,
  inputsFolder,
  inputsUri,
  outputsUri,
  podName,
  previousCheckpointUri,
  reportUri,
  taskActionName,
  wireActionName,
} from "./run-paths.ts";
export { shardOf } from "./shard.ts";
export {
  type ActionType,
  actionTypeOf,
  type ConditionReason,
  type ConditionStatus,
  type ConditionType,
  conditionIsTrue,
  currentAttempt,
  type ErrorState,
  findCondition,
  isTerminal,
  type PhaseTransition,
  type PluginPhase,
  pluginPhases,
  type TaskAction,
  type TaskActionCondition,
  type TaskActionSpec,
  type TaskActionStatus,
  taskActionLimits,
} from "./task-action.ts";
export { parseBoolean } from "./text/boolean.ts";
export { formatDateTime, parseDateTime } from "./text/date-time.ts";
export { formatDuration, fromNanos, parseDuration, toNanos } from "./text/duration.ts";
export { formatFloat } from "./text/float.ts";
export type { SecondsAndNanos } from "./text/instant.ts";
export { parseInteger } from "./text/integer.ts";
export { formatStruct, jsonNumber, jsonString } from "./text/json.ts";
export { truncateMiddle } from "./text/truncate.ts";
export {
  formatStorageUri,
  joinUri,
  type ParseStorageUriOptions,
  parseStorageUri,
  type StorageScheme,
  type StorageUri,
} from "./uri.ts";
export { checkMessage, type DecodeOptions, decodeMessage, maxMessageDepth } from "./wire/decode-message.ts";
export { compareUtf8, encodeDeterministic, type FieldOrder } from "./wire/encode-deterministic.ts";
export {
  abortedByAnnotation,
  abortReasonAnnotation,
  actionLabel,
  actionTypeLabel,
  cacheKeyMapNames,
  checkpointFolder,
  completedTimeLabel,
  copilotConfigFolder,
  copilotConfigGlob,
  copilotConfigVolume,
  copilotErrorFile,
  copilotNamePrefix,
  copilotProgram,
  deckFile,
  defaultInputPath,
  defaultOutputPath,
  domainLabel,
  downloaderContainer,
  errorFile,
  fieldManager,
  flyteGroup,
  inputDownloadFailed,
  inputsFile,
  inputsJsonFile,
  inputsVolume,
  inputsYamlFile,
  isRootLabel,
  managedLabel,
  offloadedInputsFolder,
  outputsFile,
  outputsVolume,
  outputUploadFailed,
  overwriteCacheAnnotation,
  pluginFinalizer,
  podActionLabel,
  podAttemptLabel,
  podDomainLabel,
  podFinalizer,
  podOrganizationLabel,
  podProjectLabel,
  podRunLabel,
  podTaskNameLabel,
  primaryContainerAnnotation,
  projectLabel,
  rawContainerTaskType,
  reportFile,
  reservationKeyPrefix,
  rootActionName,
  runLabel,
  taskActionApiVersion,
  taskActionKind,
  taskActionPlural,
  taskErrorFile,
  taskSuccessFile,
  terminalStatusRecordedLabel,
  terminatedValue,
  terminationStatusLabel,
  uploaderContainer,
} from "./wire-names.ts";
