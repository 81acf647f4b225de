/** A small service on real messages, for what the server and the direct transport must do alike. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { DataPlaneError, type LogFields, type Logger } from "@flyte-dataplane/core";
import {
  GetRunDetailsResponseSchema,
  RunService,
  WatchRunsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { type CallContext, type RpcService, rpc } from "../src/server/index.ts";

export interface Recorded {
  readonly services: readonly RpcService[];
  readonly logger: Logger;
  /** Fields of what was logged as an error. */
  readonly errors: LogFields[];
  /** Why the signal of each watch that ended aborted; `open` where it had not. */
  readonly ended: string[];
  /** Resolves when the next watch has begun to wait. */
  waiting(): Promise<void>;
}

/** What `getRunDetails` does is named by the run; what `watchRuns` does by the organization. */
export function runService(): Recorded {
  const errors: LogFields[] = [];
  const ended: string[] = [];
  let wake: () => void = () => undefined;
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields) => void errors.push(fields),
    child: () => logger,
  };
  const table = rpc(RunService, {
    getRunDetails: async (request, context) => {
      const name = request.runId?.name ?? "";
      if (name === "absent") throw new DataPlaneError("not_found", 'get run "absent": no such run');
      if (name === "broken") throw new TypeError("secret detail");
      if (name === "detailed") throw new ConnectError("too many", Code.ResourceExhausted, { "retry-after": "3" });
      if (name === "illegal") context.responseHeader.set("x-file", "a\u0001b");
      if (name === "illegal-trailer") context.responseTrailer.append("x-file", "a\u007fb");
      if (name === "illegal-error") throw new ConnectError("no", Code.NotFound, { "x-file": "a\u0001b" });
      if (name === "slow") await untilAborted(context, () => wake());
      if (name === "writes") (request as { runId?: unknown }).runId = undefined;
      context.responseHeader.set("x-echo", context.requestHeader.get("x-say") ?? "");
      return create(GetRunDetailsResponseSchema, { details: { action: { id: { name } } } });
    },
    watchRuns: async function* (request, context) {
      const org = request.target.case === "org" ? request.target.value : "";
      context.responseHeader.set("x-echo", context.requestHeader.get("x-say") ?? "");
      try {
        if (org === "quiet") await untilAborted(context, () => wake(), true);
        if (org === "deaf") await new Promise(() => wake());
        const names = org === "long" ? Array.from({ length: 200 }, () => "n".repeat(100_000)) : ["a", "b", "c"];
        if (org === "illegal") context.responseHeader.set("x-file", "a\u0001b");
        for (const name of names) yield create(WatchRunsResponseSchema, { runs: [{ action: { id: { name } } }] });
        if (org === "absent") throw new DataPlaneError("not_found", 'watch "absent": no such organization');
        if (org === "broken") throw new TypeError("secret detail");
      } finally {
        ended.push(context.signal.aborted ? "aborted" : "open");
      }
    },
  });
  return { services: [table], logger, errors, ended, waiting: () => new Promise((resolve) => (wake = resolve)) };
}

/** Rejects, or resolves where `quietly`, once the call's signal aborts. */
function untilAborted(context: CallContext, begun: () => void, quietly = false): Promise<void> {
  return new Promise((resolve, reject) => {
    context.signal.addEventListener("abort", () => (quietly ? resolve() : reject(new Error("aborted"))));
    setImmediate(begun);
  });
}
