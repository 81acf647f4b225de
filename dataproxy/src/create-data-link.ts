import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { decodeMessage } from "@flyte-dataplane/core";
import {
  type CreateDataLinkRequest,
  type CreateDataLinkResponse,
  CreateDataLinkResponseSchema,
} from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { BlobType_BlobDimensionality } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { InputsSchema, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { readObject } from "@flyte-dataplane/storage";
import { findAttempt } from "./attempts.ts";
import { signExisting } from "./create-download-link.ts";
import { linkLife } from "./expiry.ts";
import type { Admitted } from "./gate.ts";
import type { DataproxyParts } from "./options.ts";
import { absent, invalid } from "./refusal.ts";

const operation = "create data link";

/** Signs a GET for the single file behind one input or output of an attempt. */
export async function createDataLink(
  options: DataproxyParts,
  request: CreateDataLinkRequest,
  caller: Admitted,
): Promise<CreateDataLinkResponse> {
  const { signal } = caller;
  const { actionAttemptId, variable } = request;
  if (actionAttemptId === undefined) throw invalid(operation, "action_attempt_id is missing");
  if (variable.case === undefined || variable.value === "") throw invalid(operation, "name an input or an output");
  const life = linkLife(operation, request.expiresIn, options.config.download.maxExpiresIn);
  const attempt = await findAttempt(options, operation, actionAttemptId, signal);

  const document =
    variable.case === "output"
      ? (attempt.outputs?.outputUri ?? "")
      : (await options.runs.getActionDataURIs({ actionId: actionAttemptId.actionId }, { signal })).inputsUri;
  if (document === "") throw absent(operation, `attempt ${actionAttemptId.attempt} recorded no ${variable.case}s`);
  const bytes = await readObject(options.stores, document, { maxBytes: options.config.actionData.maxBytes, signal });
  const { literals } = decodeMessage(variable.case === "output" ? OutputsSchema : InputsSchema, bytes, {
    what: `${variable.case}s ${document}`,
    ref: document,
  });
  const literal = literals.find((entry) => entry.name === variable.value)?.value;
  if (literal === undefined) throw absent(operation, `there is no ${variable.case} "${variable.value}"`);

  const uri = fileOf(literal);
  if (uri === undefined) throw invalid(operation, `${variable.case} "${variable.value}" is not a single file`);
  const signed = await signExisting(options, operation, uri, life, caller);
  return create(CreateDataLinkResponseSchema, {
    signedUrl: signed.url,
    expiresAt: timestampFromMs(signed.expiresAt),
    nativeUrl: uri,
    headers: signed.headers,
  });
}

/** The URI of a literal that stands for one file. */
function fileOf(literal: Literal): string | undefined {
  const scalar = literal.value.case === "scalar" ? literal.value.value.value : undefined;
  if (scalar?.case === "blob") {
    return scalar.value.metadata?.type?.dimensionality === BlobType_BlobDimensionality.MULTIPART
      ? undefined
      : scalar.value.uri;
  }
  return undefined;
}
