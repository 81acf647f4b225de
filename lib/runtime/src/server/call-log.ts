/** A line for every call, for whoever looks for one: `debug`, since a busy server would write little else. */
import type { Clock, Logger } from "@flyte-dataplane/core";
import type { CallHook } from "./call-hook.ts";
import { requestIdIn } from "./request-id.ts";

export function createCallLog(logger: Logger, clock: Clock): CallHook {
  return ({ method, protocol, headers, caller }) => {
    const begun = clock.now();
    const requestId = requestIdIn(headers["x-request-id"]);
    const { address } = caller;
    return ({ code, requestBytes, responseBytes }) =>
      logger.debug(
        {
          method: `${method.parent.typeName}/${method.name}`,
          protocol,
          code,
          ms: clock.now() - begun,
          requestBytes,
          responseBytes,
          address,
          ...(requestId !== undefined && { requestId }),
        },
        "call ended",
      );
  };
}
