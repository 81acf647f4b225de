import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { LogContextSchema } from "@flyte-dataplane/proto/flyteidl2/core/execution";
import { ArtifactType, DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { GetActionLogContextResponseSchema } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { expect, onTestFinished, test } from "vitest";
import { openDataproxy } from "./harness.ts";
import { action, runs, store, uris } from "./recorded-actions.ts";

const pods = [
  {
    namespace: "flyte",
    podName: "p",
    primaryContainerName: "main",
    containers: [{ containerName: "main", process: {} }],
  },
];

test("the figures tell of links, announced bytes, lookups, lines and their age, open streams and refusals [dataproxy B31]", async () => {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const proxy = await openDataproxy({
    logs: {
      async *read() {
        const time = timestampFromMs(Date.now() - 3000);
        yield [
          { time, text: "one\n" },
          { time, text: "two\n" },
        ];
        await finished;
      },
    },
    runs: {
      getActionDetails: runs.getActionDetails,
      getActionLogContext: () =>
        create(GetActionLogContextResponseSchema, {
          logContext: create(LogContextSchema, { primaryPodName: "p", pods }),
          cluster: "local",
        }),
    },
  });
  onTestFinished(() => proxy.close());
  const figure = async (line: string): Promise<number> => {
    const shown = await (await fetch(`${proxy.url}/metrics`)).text();
    const found = shown.split("\n").find((text) => text.startsWith(`${line} `));
    return Number(found?.slice(line.length + 1) ?? 0);
  };
  const client = createClient(DataProxyService, proxy.transport);
  const upload = { project: "flytesnacks", domain: "development", filename: "a", filenameRoot: "root" };

  await client.createUploadLocation({ ...upload, contentLength: 1000n });
  await client.createUploadLocation({ ...upload, contentLength: 24n });
  expect(await figure('dataproxy_signed_links_total{scheme="file",verb="put"}')).toBe(2);
  expect(await figure("dataproxy_declared_upload_bytes_total")).toBe(1024);
  expect(
    await figure('storage_operation_duration_seconds_count{scheme="file",operation="head",code="not_found"}'),
  ).toBe(2);

  await store(join(proxy.base, "a0/1/report.html"), Buffer.from("<p>"));
  uris.set("a0", { reportUri: join(proxy.base, "a0/1/report.html") });
  const actionAttemptId = { actionId: action("a0"), attempt: 1 };
  await client.createDownloadLink({
    artifactType: ArtifactType.REPORT,
    source: { case: "actionAttemptId", value: actionAttemptId },
  });
  expect(await figure('dataproxy_signed_links_total{scheme="file",verb="get"}')).toBe(1);

  const labels = 'service="flyteidl2.dataproxy.DataProxyService",method="TailLogs"';
  const tailing = client.tailLogs(actionAttemptId)[Symbol.asyncIterator]();
  await tailing.next();
  expect(await figure(`rpc_server_open_streams{${labels}}`)).toBe(1);
  expect(await figure("dataproxy_log_lines_total")).toBe(2);
  expect(await figure('dataproxy_log_lag_seconds_bucket{le="1"}')).toBe(0);
  expect(await figure("dataproxy_log_lag_seconds_count")).toBe(1);
  finish();
  expect((await tailing.next()).done).toBe(true);
  await expect.poll(() => figure(`rpc_server_open_streams{${labels}}`)).toBe(0);

  await expect(client.createUploadLocation({ ...upload, contentLength: -1n })).rejects.toThrow();
  const refused =
    'service="flyteidl2.dataproxy.DataProxyService",method="CreateUploadLocation",code="invalid_argument"';
  expect(await figure(`rpc_server_calls_total{${refused}}`)).toBe(1);
});
