/** Traces as a collector sees them, and what a server loads that nobody asked for traces. */
import { once } from "node:events";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type SentSpan, spansIn } from "./otlp-spans.ts";
import { emptyHome, runMain } from "./server-process.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const callerSpan = "00f067aa0ba902b7";

test("a call continues its caller's trace, down to the calls between services, and names its request, as do its lines [dataproxy B31]", async () => {
  const collector = await startCollector();
  const { stderr } = await callOnce({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    FLYTE_DATAPLANE_SERVER_LOG_LEVEL: "debug",
  });
  const spans = collector.spans.filter((span) => span.traceId === traceId);
  const outer = spans.find(({ kind }) => kind === "server");
  expect(outer).toMatchObject({
    name: "flyteidl2.dataproxy.DataProxyService/CreateUploadLocation",
    parentSpanId: callerSpan,
    attributes: {
      "rpc.system": "connect_rpc",
      "rpc.service": "flyteidl2.dataproxy.DataProxyService",
      "rpc.method": "CreateUploadLocation",
      "http.request.header.x-request-id": "mine-1",
    },
    resource: { "service.name": "flyte-dataplane", "deployment.environment.name": "test" },
  });
  expect(spans.find(({ kind }) => kind === "client")).toMatchObject({
    name: "flyteidl2.project.ProjectService/GetProject",
    parentSpanId: outer?.spanId,
  });
  expect(stderr).not.toContain("traces not sent");
  // The line of the call leads to its trace and to what the caller called it.
  const line = stderr.split("\n").find((text) => text.includes('"msg":"call ended"')) ?? "{}";
  expect(JSON.parse(line)).toMatchObject({
    method: "flyteidl2.dataproxy.DataProxyService/CreateUploadLocation",
    protocol: "connect",
    code: "ok",
    requestId: "mine-1",
    traceId,
    spanId: outer?.spanId,
    address: "127.0.0.1",
  });
  expect(stderr).not.toContain("signature=");
});

test.each([
  { name: "no variable asks for traces", environment: {}, loads: false },
  { name: "they are switched off", environment: { OTEL_TRACES_EXPORTER: "none" }, loads: false },
  // The counterpart, without which the two above would prove nothing.
  { name: "they are asked for", environment: { OTEL_TRACES_EXPORTER: "otlp" }, loads: true },
])("whether OpenTelemetry is loaded when $name: $loads", async ({ environment, loads }) => {
  const { scripts } = await callOnce(environment);
  expect(scripts.some((url) => url.includes("/fastify/"))).toBe(true);
  // The figures' library brings the interface of OpenTelemetry along, which does nothing by itself.
  expect(scripts.some((url) => /@opentelemetry\/(?!api\/)/.test(url))).toBe(loads);
});

test("a protocol that is not spoken is refused in one line", async () => {
  const home = await emptyHome();
  onTestFinished(() => home.remove());
  const run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data")], {
    HOME: home.path,
    TMPDIR: home.path,
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  });
  expect(await run.ended).toBe(2);
  expect(run.stderr()).toMatch(/^flyte-dataplane: read OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" [^\n]*\n$/);
});

/** Starts a server, makes one call within a trace, and stops it. `scripts`: URLs of all that it loaded. */
async function callOnce(environment: Readonly<Record<string, string>>) {
  const home = await emptyHome();
  onTestFinished(() => home.remove());
  const coverage = join(home.path, "coverage");
  await mkdir(coverage);
  const run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data")], {
    HOME: home.path,
    TMPDIR: home.path,
    NODE_V8_COVERAGE: coverage,
    ...environment,
  });
  const url = (await run.printed(/ready on (http:\/\/localhost:\d+)/))[1] ?? "";
  const answer = await fetch(`${url}/flyteidl2.dataproxy.DataProxyService/CreateUploadLocation`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      traceparent: `00-${traceId}-${callerSpan}-01`,
      "x-request-id": "mine-1",
    },
    body: JSON.stringify({
      project: "flytesnacks",
      domain: "development",
      filename: "a",
      contentMd5: Buffer.alloc(16).toString("base64"),
    }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(0);
  const files = await readdir(coverage);
  const texts = await Promise.all(files.map((file) => readFile(join(coverage, file), "utf8")));
  const scripts = texts.flatMap((text) => (JSON.parse(text) as { result: { url: string }[] }).result);
  return { stderr: run.stderr(), scripts: scripts.map((script) => script.url) };
}

async function startCollector() {
  const spans: SentSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/v1/traces") spans.push(...spansIn(Buffer.concat(chunks)));
      response.setHeader("content-type", "application/x-protobuf").end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}
