import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Clock, Logger } from "@flyte-dataplane/core";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { SelectClusterResponseSchema } from "@flyte-dataplane/proto/flyteidl2/cluster/payload";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import type { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import type { TriggerService } from "@flyte-dataplane/proto/flyteidl2/trigger/trigger_service";
import type { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { rpc, type Service } from "@flyte-dataplane/runtime/server";
import type { Stores } from "@flyte-dataplane/storage";
import type { DataproxyConfig } from "./config.ts";
import { createDataLink } from "./create-data-link.ts";
import { createDownloadLink } from "./create-download-link.ts";
import { createUploadLocation } from "./create-upload-location.ts";
import { getActionData } from "./get-action-data.ts";
import type { LogReader } from "./log-reader.ts";
import { clusterEndpoint } from "./select-cluster.ts";
import { signedFilesRoute } from "./signed-files-route.ts";
import { tailLogs } from "./tail-logs.ts";
import { uploadInputs } from "./upload-inputs.ts";

export interface DataproxyOptions {
  readonly config: DataproxyConfig;
  /** Storage URI below which uploads and input documents lie. */
  readonly base: string;
  readonly stores: Stores;
  readonly runs: Client<typeof RunService>;
  readonly projects: Client<typeof ProjectService>;
  readonly tasks: Client<typeof TaskService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly logs: LogReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The dataproxy: signed links, input documents, action data, log streams, and the links' own endpoint on file storage. */
export function createDataproxy(options: DataproxyOptions): Service {
  return {
    name: "dataproxy",
    http: signedFilesRoute(options.stores, options.logger),
    rpc: [
      rpc(ClusterService, {
        selectCluster: (_request, { requestHeader }) =>
          create(SelectClusterResponseSchema, {
            clusterEndpoint: clusterEndpoint(options.config.publicEndpoint, requestHeader),
          }),
      }),
      rpc(DataProxyService, {
        createUploadLocation: (request, { signal }) => createUploadLocation(options, request, signal),
        uploadInputs: (request, { signal }) => uploadInputs(options, request, signal),
        createDownloadLink: (request, { signal }) => createDownloadLink(options, request, signal),
        getActionData: (request, { signal }) => getActionData(options, request, signal),
        tailLogs: (request, { signal }) => tailLogs(options, request, signal),
      }),
      rpc(DownloadService, {
        createDataLink: (request, { signal }) => createDataLink(options, request, signal),
      }),
    ],
  };
}
