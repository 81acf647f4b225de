import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import {
  CreateUploadLocationRequestSchema,
  CreateUploadLocationResponseSchema,
  DataProxyService,
  GetActionDataRequestSchema,
  GetActionDataResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, openDataproxy } from "./harness.ts";
import { action, runs, uris } from "./recorded-actions.ts";

const message = { project: "flytesnacks", domain: "development", contentMd5: Buffer.alloc(16, 7), filename: "a.txt" };
const procedure = `/${DataProxyService.typeName}/CreateUploadLocation`;
const page = "https://console.example";

describe("the dataproxy's port", () => {
  let proxy: Harness;
  let location: string;
  beforeAll(async () => {
    proxy = await openDataproxy({
      origins: [page],
      runs: {
        ...runs,
        getActionDataURIs: (asked) => {
          if (asked.actionId?.name === "bug") throw new TypeError("undefined is not a function");
          return runs.getActionDataURIs(asked);
        },
      },
    });
    location = `${proxy.base}/uploads/flytesnacks/development/A4DQOBYHA4DQOBYHA4DQOBYHA4======/a.txt`;
  });
  afterAll(() => proxy.close());

  const post = (type: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${proxy.url}${procedure}`, {
      method: "POST",
      headers: { "content-type": type, ...headers },
      body: Uint8Array.from(body),
    });
  const encoded = toBinary(CreateUploadLocationRequestSchema, create(CreateUploadLocationRequestSchema, message));

  test("answers OK to a look at its health [dataproxy 1]", async () => {
    const answer = await fetch(`${proxy.url}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([200, "OK"]);
  });

  test("takes binary messages that are compressed [dataproxy 3]", async () => {
    const answer = await post("application/proto", gzipSync(encoded), { "content-encoding": "gzip" });
    expect(answer.status).toBe(200);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(fromBinary(CreateUploadLocationResponseSchema, bytes).nativeUrl).toBe(location);
  });

  test("takes messages as JSON [dataproxy 4]", async () => {
    const json = { ...message, contentMd5: message.contentMd5.toString("base64") };
    const answer = await post("application/json", Buffer.from(JSON.stringify(json)));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ nativeUrl: location });
  });

  test("takes the same call as gRPC over HTTP/2 without a handshake [dataproxy 5]", async () => {
    const client = createClient(DataProxyService, createGrpcTransport({ baseUrl: proxy.url }));
    expect((await client.createUploadLocation(message)).nativeUrl).toBe(location);
  });

  test("takes the same call as gRPC-Web over HTTP/1.1 [dataproxy 6]", async () => {
    const transport = createGrpcWebTransport({ baseUrl: proxy.url, httpVersion: "1.1" });
    expect((await createClient(DataProxyService, transport).createUploadLocation(message)).nativeUrl).toBe(location);
  });

  test("lets what changes nothing be asked by GET, and nothing else [dataproxy 7]", async () => {
    uris.set("by-get", {});
    const asked = toBinary(
      GetActionDataRequestSchema,
      create(GetActionDataRequestSchema, { actionId: action("by-get") }),
    );
    const get = (name: string, bytes: Uint8Array): Promise<Response> => {
      const text = Buffer.from(bytes).toString("base64url");
      const query = new URLSearchParams({ encoding: "proto", base64: "1", connect: "v1", message: text });
      return fetch(`${proxy.url}/${DataProxyService.typeName}/${name}?${query}`);
    };
    const answer = await get("GetActionData", asked);
    expect(answer.status).toBe(200);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(fromBinary(GetActionDataResponseSchema, bytes).inputs).toBeDefined();
    expect((await get("CreateUploadLocation", encoded)).status).toBe(405);
  });

  test("lets pages on its list call, and no other [dataproxy 8]", async () => {
    const asked = [
      "accept",
      "authorization",
      "content-type",
      "connect-protocol-version",
      "connect-timeout-ms",
      "grpc-timeout",
      "x-grpc-web",
      "x-user-agent",
    ];
    const ask = (origin: string): Promise<Response> =>
      fetch(`${proxy.url}${procedure}`, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": asked.join(",") },
      });
    const allowed = await ask(page);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(page);
    const headers = allowed.headers.get("access-control-allow-headers")?.toLowerCase().split(/, */);
    expect(headers).toEqual(expect.arrayContaining(asked));
    expect(allowed.headers.get("access-control-allow-methods")?.split(/, */)).toContain("POST");
    expect((await ask("https://elsewhere.example")).headers.get("access-control-allow-origin")).toBeNull();
    const closed = await openDataproxy();
    try {
      const answer = await fetch(`${closed.url}${procedure}`, { method: "OPTIONS", headers: { origin: page } });
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    } finally {
      await closed.close();
    }
  });

  test("takes fields that it does not know [dataproxy 9]", async () => {
    const field = Buffer.from([0xfa, 0x7d, 3, 1, 2, 3]);
    expect((await post("application/proto", Buffer.concat([encoded, field]))).status).toBe(200);
    const json = { ...message, contentMd5: message.contentMd5.toString("base64"), later: { thing: 1 } };
    expect((await post("application/json", Buffer.from(JSON.stringify(json)))).status).toBe(200);
  });

  test("never says unknown of a fault of its own, nor what it was [dataproxy 10]", async () => {
    const failed = createClient(DataProxyService, proxy.transport).getActionData({ actionId: action("bug") });
    await expect(failed).rejects.toMatchObject({ code: Code.Internal });
    await expect(failed).rejects.not.toThrow(/undefined is not a function/);
  });

  test("reads the project's name before it asks for the project [dataproxy 23]", async () => {
    const asked: string[] = [];
    const own = await openDataproxy({
      projects: {
        getProject: ({ id }) => {
          asked.push(id);
          return { $typeName: "flyteidl2.project.GetProjectResponse" };
        },
      },
    });
    try {
      const client = createClient(DataProxyService, own.transport);
      await expect(client.createUploadLocation({ ...message, project: "" })).rejects.toMatchObject({ code: 3 });
      expect(asked).toEqual([]);
      await client.createUploadLocation(message);
      expect(asked).toEqual(["flytesnacks"]);
    } finally {
      await own.close();
    }
  });
});

describe("links to a bucket of AWS", () => {
  const signed = async (bucket: string, endpoint?: string): Promise<URL> => {
    const credentials = {
      kind: "given" as const,
      accessKeyId: "AKIDEXAMPLE",
      secret: { text: "SECRETEXAMPLE" },
      sessionToken: "a token+/=",
    };
    const s3 = { region: "eu-west-1", credentials, ...(endpoint !== undefined && { endpoint }) };
    const own = await openDataproxy({ store: { base: `s3://${bucket}`, s3 } });
    try {
      const { signedUrl } = await createClient(DataProxyService, own.transport).createUploadLocation(message);
      return new URL(signedUrl);
    } finally {
      await own.close();
    }
  };
  const path = "/uploads/flytesnacks/development/A4DQOBYHA4DQOBYHA4DQOBYHA4%3D%3D%3D%3D%3D%3D/a.txt";

  test("name the bucket in the host, and in the path where an endpoint is set [dataproxy 44]", async () => {
    const virtual = await signed("flyte-data");
    expect([virtual.host, virtual.pathname]).toEqual(["flyte-data.s3.eu-west-1.amazonaws.com", path]);
    const dotted = await signed("flyte.data");
    expect([dotted.host, dotted.pathname]).toEqual(["s3.eu-west-1.amazonaws.com", `/flyte.data${path}`]);
    const own = await signed("flyte-data", "http://127.0.0.1:9");
    expect([own.origin, own.pathname]).toEqual(["http://127.0.0.1:9", `/flyte-data${path}`]);
  });

  test("carry the session's token in their query [dataproxy 45]", async () => {
    expect((await signed("flyte-data")).searchParams.get("X-Amz-Security-Token")).toBe("a token+/=");
  });
});
