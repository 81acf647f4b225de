/** Who may do what with whose data, how often, and what is kept of it. */
import { join } from "node:path";
import { Code, createClient } from "@connectrpc/connect";
import { DataPlaneError, type LogFields, type Logger } from "@flyte-dataplane/core";
import type { Access, DataproxyConfig } from "@flyte-dataplane/dataproxy";
import { DownloadService } from "@flyte-dataplane/proto/dataplane/dataproxy/v1/download";
import { ArtifactType, DataProxyService } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDataproxy, type Siblings } from "./harness.ts";
import { action, runs, store, uris } from "./recorded-actions.ts";

const place = { org: "acme", project: "flytesnacks", domain: "development" };
const upload = { ...place, filename: "f", filenameRoot: "root" };
const by = (subject: string) => ({ headers: { "x-subject": subject, "x-request-id": "request-7" } });

async function open(siblings: Siblings = {}) {
  const lines: LogFields[] = [];
  const quiet = (): void => undefined;
  const logger: Logger = {
    debug: quiet,
    info: (fields, message) => void lines.push({ ...fields, message }),
    warn: quiet,
    error: quiet,
    child: () => logger,
  };
  const proxy = await openDataproxy({ subjectHeader: "x-subject", logger, runs, ...siblings });
  onTestFinished(() => proxy.close());
  const client = createClient(DataProxyService, proxy.transport);
  return { proxy, client, downloads: createClient(DownloadService, proxy.transport), lines };
}

const limited = (limits: Partial<DataproxyConfig["limits"]>, more: Partial<DataproxyConfig> = {}): Siblings => ({
  config: (defaults) => ({ ...defaults, ...more, limits: { ...defaults.limits, ...limits } }),
});
const none = { callsPerSecond: 0, uploadBytesPerHour: 0 };

async function codeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    () => "ok",
    (error: { readonly code: Code }) => Code[error.code],
  );
}

describe("the authorization hook", () => {
  test("is asked before every call with who, what and whose, and its refusal is the answer [dataproxy B12]", async () => {
    const asked: Access[] = [];
    const { client, downloads } = await open({
      authorize: (access) => {
        asked.push(access);
        throw new DataPlaneError("permission_denied", `${access.verb}: not for "${access.subject}"`);
      },
    });
    const actionId = { run: { ...place, name: "r1" }, name: "a0" };
    const attempt = { actionId, attempt: 1 };
    const calls = [
      client.createUploadLocation(upload, by("ann")),
      client.uploadInputs(
        { id: { case: "projectId", value: { organization: "acme", name: "flytesnacks", domain: "development" } } },
        by("ann"),
      ),
      client.uploadInputs({ id: { case: "runId", value: { ...place, name: "r9" } } }, by("ann")),
      client.createDownloadLink(
        { artifactType: ArtifactType.REPORT, source: { case: "actionAttemptId", value: attempt } },
        by("ben"),
      ),
      downloads.createDataLink({ actionAttemptId: attempt, variable: { case: "output", value: "x" } }, by("ben")),
      client.getActionData({ actionId }, by("ben")),
      client.tailLogs(attempt, by("ben"))[Symbol.asyncIterator]().next(),
    ];
    expect(new Set(await Promise.all(calls.map(codeOf)))).toEqual(new Set(["PermissionDenied"]));
    const ofRun = { ...place, action: "r1/a0", subject: "ben" };
    expect(asked.sort((a, b) => (a.verb < b.verb ? -1 : 1))).toEqual([
      { ...ofRun, verb: "download" },
      { ...ofRun, verb: "download" },
      { ...ofRun, verb: "read_data" },
      { ...ofRun, verb: "read_logs" },
      { ...place, verb: "upload", subject: "ann" },
      { ...place, verb: "write_inputs", subject: "ann" },
      { ...place, verb: "write_inputs", subject: "ann" },
    ]);
  });

  test("a link that is signed leaves a record of who may do what with which object until when, without the link [dataproxy B12]", async () => {
    const { proxy, client, lines } = await open();
    const put = await client.createUploadLocation(upload, by("ann"));
    const report = await store(join(proxy.base, "a0/1/report.html"), Buffer.from("<p>"));
    uris.set("a0", { reportUri: report });
    const source = { case: "actionAttemptId", value: { actionId: action("a0"), attempt: 1 } } as const;
    const get = await client.createDownloadLink({ artifactType: ArtifactType.REPORT, source }, by("ben"));
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
    expect(lines.filter(({ message }) => message === "link signed")).toEqual([
      {
        ...place,
        audit: true,
        subject: "ann",
        verb: "upload",
        object: put.nativeUrl,
        expiresAt: iso,
        requestId: "request-7",
        message: "link signed",
      },
      {
        audit: true,
        subject: "ben",
        verb: "download",
        org: "",
        project: "flytesnacks",
        domain: "development",
        action: "r1/a0",
        object: report,
        expiresAt: iso,
        requestId: "request-7",
        message: "link signed",
      },
    ]);
    for (const url of [put.signedUrl, get.preSignedUrls?.signedUrl[0] ?? ""])
      expect(JSON.stringify(lines)).not.toContain(new URL(url).search);
  });

  test("a link that is refused leaves none", async () => {
    const { client, lines } = await open();
    expect(await codeOf(client.createUploadLocation({ ...upload, contentLength: -1n }, by("ann")))).toBe(
      "InvalidArgument",
    );
    expect(lines).toEqual([]);
  });
});

describe("limits", () => {
  test("of calls hold for each subject and each project by itself [dataproxy B13]", async () => {
    const { proxy, client } = await open(
      limited({ subject: { ...none, callsPerSecond: 2, streams: 0 }, project: { ...none, callsPerSecond: 3 } }),
    );
    proxy.clock.offset = 0;
    const now = Date.now();
    // Time stands still but for what the test adds.
    proxy.clock.now = () => now + proxy.clock.offset;
    const call = (subject: string, project = "flytesnacks") =>
      codeOf(client.createUploadLocation({ ...upload, project }, by(subject)));
    expect(await call("ann")).toBe("ok");
    expect(await call("ann")).toBe("ok");
    expect(await call("ann")).toBe("ResourceExhausted");
    expect(await call("ben")).toBe("ok");
    // The project's three are used up, by two subjects; the refusal cost the subject nothing.
    expect(await call("ben")).toBe("ResourceExhausted");
    expect(await call("ben", "other")).toBe("NotFound");
    proxy.clock.offset += 1000;
    expect(await call("ann")).toBe("ok");
  });

  test("of bytes refuse an upload that neither its caller nor a setting bounds [dataproxy B13]", async () => {
    const { client } = await open({
      config: (defaults) => ({
        ...defaults,
        upload: { ...defaults.upload, maxSize: 0 },
        limits: { ...defaults.limits, subject: { ...none, uploadBytesPerHour: 3600, streams: 0 } },
      }),
    });
    await expect(client.createUploadLocation(upload, by("ann"))).rejects.toThrow(/announce a smaller content_length/);
    expect(await codeOf(client.createUploadLocation({ ...upload, contentLength: 3600n }, by("ann")))).toBe("ok");
  });

  test("of bytes count what is announced, all that might come where nothing is, and inputs [dataproxy B13]", async () => {
    const { proxy, client } = await open(
      limited({
        subject: { ...none, uploadBytesPerHour: 3600, streams: 0 },
        project: { ...none, uploadBytesPerHour: 7200 },
      }),
    );
    const now = Date.now();
    proxy.clock.now = () => now + proxy.clock.offset;
    const call = (subject: string, contentLength: bigint) =>
      codeOf(client.createUploadLocation({ ...upload, contentLength }, by(subject)));
    expect(await call("ann", 3000n)).toBe("ok");
    expect(await call("ann", 601n)).toBe("ResourceExhausted");
    expect(await call("ann", 600n)).toBe("ok");
    // Not announced: as much as an upload may be, which is more than ever fits.
    await expect(client.createUploadLocation(upload, by("ben"))).rejects.toThrow(/more than ever fits/);
    expect(await call("ben", 3600n)).toBe("ok");
    expect(await call("cid", 1n)).toBe("ResourceExhausted");
    proxy.clock.offset += 1000;
    expect(await call("cid", 1n)).toBe("ok");
    const inputs = (characters: number) =>
      codeOf(
        client.uploadInputs(
          {
            id: { case: "projectId", value: { organization: "", name: "flytesnacks", domain: "development" } },
            task: { case: "taskSpec", value: {} },
            inputs: { context: [{ key: "k", value: "v".repeat(characters) }] },
          },
          by("dan"),
        ),
      );
    expect(await inputs(10)).toBe("ok");
    expect(await inputs(4000)).toBe("ResourceExhausted");
  });

  test("are none by default", async () => {
    const { client } = await open();
    const calls = Array.from({ length: 50 }, () => codeOf(client.createUploadLocation(upload, by("ann"))));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["ok"]));
  });
});
