import { create } from "@bufbuild/protobuf";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { SelectClusterResponseSchema } from "@flyte-dataplane/proto/flyteidl2/cluster/payload";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { rpc, type Service } from "@flyte-dataplane/runtime/server";
import { createDataLink } from "./create-data-link.ts";
import { createDownloadLink } from "./create-download-link.ts";
import { createUploadLocation } from "./create-upload-location.ts";
import { createFigures } from "./figures.ts";
import { getActionData } from "./get-action-data.ts";
import type { DataproxyOptions } from "./options.ts";
import { clusterEndpoint } from "./select-cluster.ts";
import { signedFilesRoute } from "./signed-files-route.ts";
import { storageHealth } from "./storage-health.ts";
import { tailLogs } from "./tail-logs.ts";
import { uploadInputs } from "./upload-inputs.ts";

/** The dataproxy: signed links, input documents, action data, log streams, and the links' own endpoint on file storage. */
export function createDataproxy(given: DataproxyOptions): Service {
  const options = { ...given, figures: createFigures(given.metrics, given.clock) };
  return {
    name: "dataproxy",
    health: [storageHealth(options)],
    http: signedFilesRoute(options.stores, options.logger),
    rpc: [
      rpc(ClusterService, {
        selectCluster: (_request, { requestHeader }) =>
          create(SelectClusterResponseSchema, {
            clusterEndpoint: clusterEndpoint(options.config.publicEndpoint, requestHeader),
          }),
      }),
      rpc(DataProxyService, {
        createUploadLocation: (request, context) => createUploadLocation(options, request, context),
        uploadInputs: (request, { signal }) => uploadInputs(options, request, signal),
        createDownloadLink: (request, context) => createDownloadLink(options, request, context),
        getActionData: (request, { signal }) => getActionData(options, request, signal),
        tailLogs: (request, { signal }) => tailLogs(options, request, signal),
      }),
      rpc(DownloadService, {
        createDataLink: (request, context) => createDataLink(options, request, context),
      }),
    ],
  };
}
