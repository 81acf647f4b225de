import { create } from "@bufbuild/protobuf";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { SelectClusterResponseSchema } from "@flyte-dataplane/proto/flyteidl2/cluster/payload";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { rpc, type Service } from "@flyte-dataplane/runtime/server";
import { ofAction, ofInputs, ofPlace, ofSource } from "./access.ts";
import { createDataLink } from "./create-data-link.ts";
import { createDownloadLink } from "./create-download-link.ts";
import { createUploadLocation } from "./create-upload-location.ts";
import { createFigures } from "./figures.ts";
import { createGate } from "./gate.ts";
import { getActionData } from "./get-action-data.ts";
import type { DataproxyOptions } from "./options.ts";
import { clusterEndpoint } from "./select-cluster.ts";
import { signedFilesRoute } from "./signed-files-route.ts";
import { storageHealth } from "./storage-health.ts";
import { tailLogs } from "./tail-logs.ts";
import { uploadInputs } from "./upload-inputs.ts";

/** The dataproxy: signed links, input documents, action data, log streams, and the links' own endpoint on file storage. */
export function createDataproxy(given: DataproxyOptions): Service {
  const { config, clock, authorize = () => undefined } = given;
  const gate = createGate({ limits: config.limits, authorize, clock });
  const options = { ...given, gate, figures: createFigures(given.metrics, clock) };
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
        createUploadLocation: async (request, context) =>
          createUploadLocation(options, request, await gate.admit(ofPlace("upload", request), context)),
        uploadInputs: async (request, context) =>
          uploadInputs(options, request, await gate.admit(ofInputs(request), context)),
        createDownloadLink: async (request, context) =>
          createDownloadLink(options, request, await gate.admit(ofSource(request), context)),
        getActionData: async (request, context) => {
          const { signal } = await gate.admit(ofAction("read_data", request.actionId), context);
          return getActionData(options, request, signal);
        },
        tailLogs: async function* (request, context) {
          yield* tailLogs(options, request, await gate.admit(ofAction("read_logs", request.actionId), context));
        },
      }),
      rpc(DownloadService, {
        createDataLink: async (request, context) =>
          createDataLink(
            options,
            request,
            await gate.admit(ofAction("download", request.actionAttemptId?.actionId), context),
          ),
      }),
    ],
  };
}
