/** EventsProxyService: passes batches of action events on to the run service, as they are (contract 8.1). */
import { create, toBinary } from "@bufbuild/protobuf";
import { type Client, ConnectError } from "@connectrpc/connect";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import {
  EventsProxyService,
  type RecordRequest,
  RecordRequestSchema,
  type RecordResponse,
  RecordResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/events_proxy_service";
import type { InternalRunService } from "@flyte-dataplane/proto/flyteidl2/workflow/internal_run_service";
import { type CallContext, type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import { statusFailure } from "../in-band-status.ts";

const maxEvents = 2_000;
const maxBytes = 8 * 1024 * 1024;
const timeoutMs = 30_000;

export function eventsProxy(runs: Client<typeof InternalRunService>): RpcService {
  return rpc(EventsProxyService, { record: (request, context) => record(runs, request, context) });
}

async function record(
  runs: Client<typeof InternalRunService>,
  request: RecordRequest,
  { signal }: CallContext,
): Promise<RecordResponse> {
  const { events } = request;
  if (events.length === 0) return create(RecordResponseSchema);
  if (events.length > maxEvents) throw tooMuch(`${events.length} events; the limit is ${maxEvents}`);
  const bytes = toBinary(RecordRequestSchema, request).length;
  if (bytes > maxBytes) throw tooMuch(`${bytes} bytes; the limit is ${maxBytes}`);
  try {
    const { status } = await runs.recordActionEvents({ events }, { signal, timeoutMs });
    const failure = statusFailure("record action events", status);
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw kept(error);
  }
  return create(RecordResponseSchema);
}

/** The sender decides by the code whether to repeat or to split, so those that matter to it keep theirs. */
function kept(error: unknown): DataPlaneError {
  if (error instanceof DataPlaneError) return error;
  const { code, rawMessage } = ConnectError.from(error);
  const codes: Readonly<Record<number, ErrorCode>> = {
    1: "canceled",
    3: "invalid_argument",
    4: "deadline_exceeded",
    14: "unavailable",
  };
  return new DataPlaneError(
    codes[code] ?? "internal",
    `record action events: the run service refused them: ${rawMessage}`,
    { cause: error },
  );
}

function tooMuch(what: string): DataPlaneError {
  return new DataPlaneError(
    "resource_exhausted",
    `record action events: the request has ${what}; send smaller batches`,
  );
}
