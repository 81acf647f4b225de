/** The data proxy as the pages call it, played: documents and log lines are what a test puts in. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import type { ApiOptions } from "@flyte-dataplane/api";
import { DataPlaneError } from "@flyte-dataplane/core";
import { CreateDataLinkResponseSchema, DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import {
  CreateDownloadLinkResponseSchema,
  DataProxyService,
  GetActionDataResponseSchema,
  TailLogsResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { directTransport, rpc } from "@flyte-dataplane/runtime/server";
import { silent } from "./silent.ts";

export interface PlayedData {
  readonly clients: NonNullable<ApiOptions["pages"]>;
  data: Exclude<MessageInitShape<typeof GetActionDataResponseSchema>, { $typeName: string }>;
  /** Batches of lines of an attempt; throws where there is no log. */
  log: (attempt: number, signal: AbortSignal) => AsyncIterable<readonly string[]>;
}

export function noLog(): never {
  throw new DataPlaneError("not_found", "tail logs: the attempt has no log yet");
}

export function playedData(): PlayedData {
  const services = [
    rpc(DataProxyService, {
      getActionData: () => create(GetActionDataResponseSchema, played.data),
      createDownloadLink: ({ source }) =>
        create(CreateDownloadLinkResponseSchema, {
          preSignedUrls: {
            signedUrl: [`http://store/report-${source.case === "actionAttemptId" ? source.value.attempt : ""}`],
          },
        }),
      async *tailLogs({ attempt }, { signal }) {
        for await (const lines of played.log(attempt, signal)) {
          yield create(TailLogsResponseSchema, { logs: [{ lines: lines.map((message) => ({ message })) }] });
        }
      },
    }),
    rpc(DownloadService, {
      createDataLink: ({ variable, actionAttemptId }, { requestHeader }) =>
        create(CreateDataLinkResponseSchema, {
          signedUrl: `http://${requestHeader.get("host") ?? ""}/signed/${actionAttemptId?.actionId?.name ?? ""}/${variable.case ?? ""}/${variable.value ?? ""}`,
        }),
    }),
  ];
  const transport = directTransport(services, { logger: silent });
  const played: PlayedData = {
    clients: { data: createClient(DataProxyService, transport), downloads: createClient(DownloadService, transport) },
    data: {},
    log: noLog,
  };
  return played;
}
