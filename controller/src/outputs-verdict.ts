/** What the files of an attempt say once its Pod has succeeded, failed or vanished (contract 4.13). Pure. */
import { outputUploadFailed } from "@flyte-dataplane/core";
import type { ControlState } from "./control-state.ts";
import { type Failure, userFailure } from "./failure.ts";
import type { ErrorAccount, Files } from "./plan.ts";

export type OutputsVerdict =
  | { readonly kind: "success"; readonly writeEmpty: boolean }
  | { readonly kind: "failure"; readonly failure: Failure }
  /** Nothing there yet; the store may show it late. */
  | { readonly kind: "look-again"; readonly atMs: number; readonly missing: NonNullable<ControlState["missing"]> };

export interface OutputsContext {
  readonly nowMs: number;
  readonly podStartedMs: number;
  readonly hasOutputs: boolean;
  readonly maxOutputBytes: number;
  readonly missing?: ControlState["missing"];
}

/** Files older than the Pod by more than this are another Pod's; less may be a clock that differs. */
const clockSkewMs = 60_000;
const looksForOutputs = 3;
const lookEveryMs = 2_500;

export function outputsVerdict(files: Files, context: OutputsContext): OutputsVerdict {
  const error = documentFailure(files, context.podStartedMs);
  if (error !== undefined) return { kind: "failure", failure: error };
  const outputs = freshOutputs(files, context.podStartedMs);
  if (outputs !== undefined) {
    if (outputs.bytes <= context.maxOutputBytes) return { kind: "success", writeEmpty: false };
    const message = `the outputs are ${outputs.bytes} bytes; the limit is ${context.maxOutputBytes}; pass large values as files`;
    return { kind: "failure", failure: userFailure("OutputsTooLarge", message, "none") };
  }
  if (!context.hasOutputs) return { kind: "success", writeEmpty: files.outputs === undefined };
  const missing = { since: context.missing?.since ?? context.nowMs, looks: (context.missing?.looks ?? 0) + 1 };
  if (missing.looks < looksForOutputs) return { kind: "look-again", atMs: context.nowMs + lookEveryMs, missing };
  return {
    kind: "failure",
    failure: userFailure(
      "OutputsNotFound",
      "the task ended without error and without writing the outputs that its interface declares",
    ),
  };
}

/** The error document's account, if one of this Pod is there. */
export function documentFailure(files: Files, podStartedMs: number): Failure | undefined {
  if (files.error === undefined || isStale(files.error.modifiedMs, podStartedMs)) return undefined;
  return accountFailure(files.error.document);
}

/**
 * Of a failed container and its document: the document, unless all it says is that there was nothing to upload, which
 * is a consequence of the failure and not its cause.
 */
export function failureOfBoth(container: Failure, files: Files, podStartedMs: number): Failure {
  const document = documentFailure(files, podStartedMs);
  if (document === undefined) return container;
  const consequence =
    document.code === outputUploadFailed && document.recovery === "retry" && !document.message.startsWith("User Error");
  return consequence ? { ...container, message: `${container.message}\n${document.message}` } : document;
}

export function freshOutputs(files: Files, podStartedMs: number): Files["outputs"] {
  return files.outputs === undefined || isStale(files.outputs.modifiedMs, podStartedMs) ? undefined : files.outputs;
}

function isStale(modifiedMs: number, podStartedMs: number): boolean {
  return modifiedMs < podStartedMs - clockSkewMs;
}

function accountFailure(account: ErrorAccount): Failure {
  if (account.kind === "bad") {
    return {
      code: "ErrorFileBadFormat",
      message: "the task left an error document that cannot be read",
      kind: "SYSTEM",
      recovery: "relaunch",
    };
  }
  const { code, message, recoverable, origin } = account;
  if (!recoverable) return { code, message, kind: origin, recovery: "none" };
  return { code, message, kind: origin, recovery: origin === "SYSTEM" ? "relaunch" : "retry" };
}
