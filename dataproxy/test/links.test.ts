import { once } from "node:events";
import { readdir, readlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { ArtifactType, DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { OutputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";
import { action, file, runs, store, text, uris } from "./recorded-actions.ts";

describe("download links", () => {
  let proxy: Harness;
  beforeAll(async () => {
    proxy = await openDataproxy({ runs });
  });
  afterAll(() => proxy.close());

  const link = (request: { name: string; attempt?: number; type?: ArtifactType }) =>
    createClient(DataProxyService, proxy.transport).createDownloadLink({
      artifactType: request.type ?? ArtifactType.REPORT,
      source: { case: "actionAttemptId", value: { actionId: action(request.name), attempt: request.attempt ?? 1 } },
    });

  test("only reports and code of attempts have links [dataproxy 63,64]", async () => {
    await expect(link({ name: "both", type: ArtifactType.UNSPECIFIED })).rejects.toMatchObject({ code: 3 });
    const client = createClient(DataProxyService, proxy.transport);
    await expect(
      client.createDownloadLink({ artifactType: ArtifactType.REPORT, source: { case: "taskId", value: {} } }),
    ).rejects.toMatchObject({ code: 3 });
    await expect(client.createDownloadLink({ artifactType: ArtifactType.REPORT })).rejects.toMatchObject({ code: 3 });
    await expect(
      client.createDownloadLink({ artifactType: ArtifactType.REPORT, source: { case: "appId", value: {} } }),
    ).rejects.toMatchObject({ code: 3 });
  });

  test.each(["--tgz", "--pkl"])("the code after %s has a link to its bytes", async (flag) => {
    const uri = await store(join(proxy.base, "uploads/code.tar.gz"), Buffer.from("archive"));
    uris.set("coded", { args: ["a0", "--version", "v1", flag, uri, "--dest", "."] });
    const { preSignedUrls } = await link({ name: "coded", type: ArtifactType.CODE_BUNDLE });
    const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
    expect(await answer.text()).toBe("archive");
  });

  test("code that a task never had, that is gone, or that lies elsewhere has no link", async () => {
    const code = (args: readonly string[]) => {
      uris.set("uncoded", { args });
      return link({ name: "uncoded", type: ArtifactType.CODE_BUNDLE });
    };
    await expect(code(["sh", "-c", "true"])).rejects.toMatchObject({ code: 5 });
    await expect(code(["a0", "--tgz"])).rejects.toMatchObject({ code: 5 });
    await expect(code(["a0", "--tgz", join(proxy.base, "uploads/gone.tar.gz")])).rejects.toMatchObject({ code: 5 });
    await expect(code(["a0", "--tgz", "/etc/hostname"])).rejects.toMatchObject({ code: 7 });
  });

  test("an unknown action or attempt, no report and a report that is gone are not found [dataproxy 65]", async () => {
    uris.set("reported", { reportUri: join(proxy.base, "missing/report.html") });
    uris.set("plain", {});
    await expect(link({ name: "nobody" })).rejects.toMatchObject({ code: 5 });
    await expect(link({ name: "plain", attempt: 2 })).rejects.toMatchObject({ code: 5 });
    await expect(link({ name: "plain" })).rejects.toMatchObject({ code: 5 });
    await expect(link({ name: "reported" })).rejects.toMatchObject({ code: 5 });
  });

  test("the one link gives the report's bytes [dataproxy 66]", async () => {
    uris.set("report", {
      reportUri: await store(join(proxy.base, "report/report.html"), Buffer.from("<p>done</p>")),
    });
    const { preSignedUrls } = await link({ name: "report" });
    expect(preSignedUrls?.signedUrl).toHaveLength(1);
    const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
    expect(await answer.text()).toBe("<p>done</p>");
  });

  test("a large file arrives as it lies in the store, also at a reader that is slow", async () => {
    const content = Buffer.allocUnsafe(9 * 1024 * 1024 + 7);
    for (let at = 0; at + 4 <= content.byteLength; at += 4) content.writeUInt32LE(at, at);
    uris.set("large-report", { reportUri: await store(join(proxy.base, "large/report.html"), content) });
    const { preSignedUrls } = await link({ name: "large-report" });
    const answer = await fetch(preSignedUrls?.signedUrl[0] ?? "");
    const parts: Buffer[] = [];
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
      parts.push(Buffer.from(part));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(parts).equals(content)).toBe(true);
  });

  test("callers that hang up at any moment leave no file open", async () => {
    const uri = await store(join(proxy.base, "left/report.html"), Buffer.alloc(4 * 1024 * 1024));
    uris.set("left-report", { reportUri: uri });
    const { preSignedUrls } = await link({ name: "left-report" });
    const { hostname, port, pathname, search } = new URL(preSignedUrls?.signedUrl[0] ?? "");
    const request = `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
    for (let caller = 0; caller < 300; caller++) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(request);
      for (let turn = 0; turn < caller % 30; turn++) await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
    }
    await expect.poll(() => openFiles(uri), { timeout: 5000 }).toBe(0);
  });

  test("a link that outlives the maximum is refused [dataproxy 67]", async () => {
    const client = createClient(DataProxyService, proxy.transport);
    const source = { case: "actionAttemptId" as const, value: { actionId: action("report"), attempt: 1 } };
    await expect(
      client.createDownloadLink({ artifactType: ArtifactType.REPORT, source, expiresIn: { seconds: 3601n } }),
    ).rejects.toMatchObject({ code: 3 });
  });

  test("a report outside the allowed storage is refused [dataproxy 68,B11]", async () => {
    uris.set("foreign", { reportUri: "/etc/hostname" });
    await expect(link({ name: "foreign" })).rejects.toMatchObject({ code: 7 });
  });

  test("a single output file has a link, a missing or other output has none", async () => {
    const output = await store(join(proxy.base, "data/out.bin"), Buffer.from("bytes"));
    const outputs = create(OutputsSchema, {
      literals: [
        { name: "file", value: file(output) },
        { name: "text", value: text("x") },
        { name: "foreign", value: file("/etc/hostname") },
      ],
    });
    uris.set("data", {
      outputsUri: await store(join(proxy.base, "data/outputs.pb"), toBinary(OutputsSchema, outputs)),
    });
    const client = createClient(DownloadService, proxy.transport);
    const ask = (value: string) =>
      client.createDataLink({
        actionAttemptId: { actionId: action("data"), attempt: 1 },
        variable: { case: "output", value },
      });
    const signed = await ask("file");
    expect(signed.nativeUrl).toBe(output);
    expect(await (await fetch(signed.signedUrl)).text()).toBe("bytes");
    await expect(ask("text")).rejects.toMatchObject({ code: 3 });
    await expect(ask("absent")).rejects.toMatchObject({ code: 5 });
    await expect(ask("foreign")).rejects.toMatchObject({ code: 7 });
  });
});

describe("links of a server with a public address", () => {
  let proxy: Harness;
  beforeAll(async () => {
    const publicEndpoint = "https://flyte.example/";
    proxy = await openDataproxy({ runs, config: (defaults) => ({ ...defaults, publicEndpoint }) });
  });
  afterAll(() => proxy.close());

  test("name that address, whatever host the caller used [dataproxy 15]", async () => {
    const report = await store(join(proxy.base, "public/report.html"), Buffer.from("<p>done</p>"));
    const outputs = create(OutputsSchema, { literals: [{ name: "file", value: file(report) }] });
    uris.set("public", {
      reportUri: report,
      outputsUri: await store(join(proxy.base, "public/outputs.pb"), toBinary(OutputsSchema, outputs)),
    });
    const client = createClient(DataProxyService, proxy.transport);
    const attempt = { actionId: action("public"), attempt: 1 };
    const download = await client.createDownloadLink({
      artifactType: ArtifactType.REPORT,
      source: { case: "actionAttemptId", value: attempt },
    });
    const data = await createClient(DownloadService, proxy.transport).createDataLink({
      actionAttemptId: attempt,
      variable: { case: "output", value: "file" },
    });
    const upload = await client.createUploadLocation({
      project: "flytesnacks",
      domain: "development",
      filenameRoot: "public",
      filename: "a.txt",
    });
    const cluster = await createClient(ClusterService, proxy.transport).selectCluster({});
    expect(cluster.clusterEndpoint).toBe("https://flyte.example");
    for (const url of [download.preSignedUrls?.signedUrl[0], data.signedUrl, upload.signedUrl])
      expect(new URL(url ?? "").origin).toBe("https://flyte.example");
  });
});

/** How many descriptors of this process are of `file`; none where the system does not tell. */
async function openFiles(file: string): Promise<number> {
  const descriptors = await readdir("/proc/self/fd").catch(() => []);
  const targets = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
  return targets.filter((target) => target === file).length;
}
