import type { Client } from "@connectrpc/connect";
import type { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import type { DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { RunsDeps } from "../runs/runs-deps.ts";

/** Where pages get what the rows do not hold: documents, log lines, links to files. */
export interface PagesClients {
  readonly data: Client<typeof DataProxyService>;
  readonly downloads: Client<typeof DownloadService>;
}

export interface PagesDeps
  extends Pick<RunsDeps, "config" | "database" | "changes" | "clock" | "logger">,
    PagesClients {}
