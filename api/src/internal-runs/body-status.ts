/**
 * The internal service answers OK at RPC level and puts the outcome into the body as a google.rpc.Status, whose codes
 * are Connect's.
 */
import { create } from "@bufbuild/protobuf";
import { DataPlaneError, type Logger } from "@flyte-dataplane/core";
import { type Status, StatusSchema } from "@flyte-dataplane/proto/google/rpc/status";
import { toConnectError } from "@flyte-dataplane/runtime/server";

export async function bodyStatus(logger: Logger, work: () => Promise<void>): Promise<Status> {
  try {
    await work();
    return create(StatusSchema, { code: 0 });
  } catch (error) {
    if (!(error instanceof DataPlaneError)) logger.error({ err: error }, "internal run call failed");
    const { code, rawMessage } = toConnectError(error);
    return create(StatusSchema, { code, message: rawMessage });
  }
}
