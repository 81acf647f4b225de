import { create, toBinary } from "@bufbuild/protobuf";
import {
  ContainerError_Kind,
  type ErrorDocument,
  ErrorDocumentSchema,
  ExecutionError_ErrorKind,
} from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { isRecoverable } from "./error-table.ts";
import { DataPlaneError, type ErrorOrigin } from "./errors.ts";
import { truncateMiddle } from "./text/truncate.ts";
import { decodeMessage } from "./wire/decode-message.ts";

/** A task's failure as the error document carries it from the pod to the controller. */
export interface TaskFailure {
  /** A short name, `InputDownloadFailed` or the class of the task's own exception. */
  readonly code: string;
  readonly message: string;
  readonly recoverable: boolean;
  readonly origin: ErrorOrigin | "unknown";
}

/** Bytes of UTF-8 that a message may have in the document; longer ones lose their middle. */
export const maxFailureMessageBytes = 16384;

/**
 * The failure that `error` is, under the stage's `code`: its code decides whether it is recoverable, and its message
 * ends with those of its causes. Causes that are not ours are named by their own message.
 */
export function failureOf(code: string, error: unknown): TaskFailure {
  return {
    code,
    message: truncateMiddle(withCauses(error), maxFailureMessageBytes),
    recoverable: isRecoverable(error instanceof DataPlaneError ? error.code : "internal"),
    origin: error instanceof DataPlaneError ? error.origin : "system",
  };
}

/** Chains of causes are followed this far; a longer one is a loop or helps nobody. */
const maxCauses = 8;

function withCauses(error: unknown): string {
  const parts: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at !== undefined && depth < maxCauses; depth += 1) {
    const message = at instanceof Error ? at.message : typeof at === "string" ? at : "a thrown value that is no error";
    // A wrapper that already quotes its cause says it once.
    if (message !== "" && !parts.some((part) => part.includes(message))) parts.push(message);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.length === 0 ? "no message" : parts.join(": ");
}

export function encodeErrorDocument(failure: TaskFailure): Uint8Array {
  const error = {
    code: failure.code,
    message: failure.message,
    kind: failure.recoverable ? ContainerError_Kind.RECOVERABLE : ContainerError_Kind.NON_RECOVERABLE,
    origin: {
      user: ExecutionError_ErrorKind.USER,
      system: ExecutionError_ErrorKind.SYSTEM,
      unknown: ExecutionError_ErrorKind.UNKNOWN,
    }[failure.origin],
  };
  return toBinary(ErrorDocumentSchema, create(ErrorDocumentSchema, { error }));
}

/**
 * The failure in an error document; `undefined` for a document that holds none. Throws `invalid_argument`, naming
 * `ref`, for bytes that are not a document.
 */
export function decodeErrorDocument(bytes: Uint8Array, ref: string): TaskFailure | undefined {
  const document: ErrorDocument = decodeMessage(ErrorDocumentSchema, bytes, { what: ref, ref });
  if (document.error === undefined) return undefined;
  const { code, message, kind, origin } = document.error;
  return { code, message, recoverable: kind === ContainerError_Kind.RECOVERABLE, origin: originOf(origin) };
}

function originOf(kind: ExecutionError_ErrorKind): TaskFailure["origin"] {
  if (kind === ExecutionError_ErrorKind.USER) return "user";
  return kind === ExecutionError_ErrorKind.SYSTEM ? "system" : "unknown";
}
