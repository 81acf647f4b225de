import { create, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { DataPlaneError, decodeMessage } from "@flyte-dataplane/core";
import {
  type GetActionDataRequest,
  type GetActionDataResponse,
  GetActionDataResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { InputsSchema, OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { readObject } from "@flyte-dataplane/storage";
import type { DataproxyOptions } from "./options.ts";
import { absent, invalid } from "./refusal.ts";

const operation = "get action data";

/**
 * The recorded inputs and outputs of an action. A run without outputs (failed, still running) has an empty message and an empty URI. A recorded document
 * that is gone is `not_found`; SDKs look for the word "inputs" in the message to tell which.
 */
export async function getActionData(
  options: DataproxyOptions,
  request: GetActionDataRequest,
  signal: AbortSignal,
): Promise<GetActionDataResponse> {
  if (request.actionId === undefined) throw invalid(operation, "action_id is missing");
  const { inputsUri, outputsUri } = await options.runs.getActionDataURIs({ actionId: request.actionId }, { signal });
  const [inputs, outputs] = await Promise.all([
    readDocument(options, InputsSchema, "inputs", inputsUri, signal),
    readDocument(options, OutputsSchema, "outputs", outputsUri, signal),
  ]);
  return create(GetActionDataResponseSchema, {
    inputs: inputs ?? create(InputsSchema),
    outputs: outputs ?? create(OutputsSchema),
    inputsUri: inputs === undefined ? "" : inputsUri,
    outputsUri: outputs === undefined ? "" : outputsUri,
  });
}

async function readDocument<Desc extends DescMessage>(
  { stores, config }: DataproxyOptions,
  schema: Desc,
  kind: "inputs" | "outputs",
  uri: string,
  signal: AbortSignal,
): Promise<MessageShape<Desc> | undefined> {
  if (uri === "") return undefined;
  const { maxBytes, tolerateMissing } = config.actionData;
  let bytes: Uint8Array;
  try {
    bytes = await readObject(stores, uri, { maxBytes, signal });
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    if (error.code === "not_found") {
      if (tolerateMissing) return undefined;
      throw absent(
        operation,
        kind === "inputs"
          ? "the recorded inputs are gone from the store"
          : "the recorded result is gone from the store",
      );
    }
    if (error.code === "resource_exhausted") {
      throw new DataPlaneError(
        "failed_precondition",
        `${operation} ${uri}: the ${kind} have more than ${maxBytes} bytes; raise dataproxy.actionData.maxBytes`,
        {
          cause: error,
          ref: uri,
        },
      );
    }
    throw error;
  }
  try {
    return decodeMessage(schema, bytes, { what: `${kind} ${uri}`, ref: uri });
  } catch (error) {
    throw new DataPlaneError("internal", `${operation} ${uri}: the stored ${kind} are damaged`, {
      cause: error,
      ref: uri,
    });
  }
}
