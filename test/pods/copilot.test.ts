import { create, toBinary } from "@bufbuild/protobuf";
import { decodeErrorDocument, decodeLiteralMap, fromPlain, type PlainLiteral, toPlain } from "@flyte-dataplane/core";
import { LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { systemClock } from "@flyte-dataplane/runtime/lifecycle";
import { createStores, readObject, type Stores, statObject, writeObject } from "@flyte-dataplane/storage";
import { type StoreServer, startMinio } from "@flyte-dataplane/test-support";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { blob, simple } from "../../copilot/test/documents.ts";
import { type KubernetesNode, nodeAddress, startNode } from "./cluster.ts";
import { type BuiltPod, type CopilotTask, copilotPod, endOf, secretName } from "./copilot-pod.ts";
import { type Forward, forward } from "./forward.ts";

declare module "vitest" {
  interface ProvidedContext {
    pods: {
      /** Why there can be no node here; empty where there can. */
      readonly reason: string;
      readonly assets: string;
      readonly busybox: string;
      readonly minio: string;
    };
  }
}

const { reason, assets, busybox, minio } = inject("pods");
const maxBytes = 1024 * 1024;

describe("a container task's Pod on a real kubelet", () => {
  let node: KubernetesNode;
  let server: StoreServer;
  let gate: Forward;
  let stores: Stores;
  let bucket: string;

  beforeAll(async () => {
    if (reason !== "") return;
    server = await startMinio({ program: minio });
    bucket = await server.createBucket();
    node = await startNode({ assets, busybox });
    gate = await forward(server.endpoint, nodeAddress);
    stores = createStores({
      clock: systemClock,
      network: {
        writes: "async",
        env: {
          AWS_ACCESS_KEY_ID: server.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
          AWS_REGION: server.region,
          AWS_ENDPOINT_URL_S3: server.endpoint,
        },
      },
    });
    const config = {
      access_key_id: server.accessKeyId,
      auth_type: "accesskey",
      endpoint: gate.endpoint,
      region: server.region,
      secret_key: server.secretAccessKey,
    };
    const file = JSON.stringify({ storage: { stow: { kind: "s3", config } } });
    await node.kubectl(["create", "secret", "generic", secretName, `--from-literal=storage.yaml=${file}`]);
  });

  afterAll(async () => {
    if (reason !== "") return;
    await stores?.close();
    await gate?.close();
    await node?.stop();
    await server?.stop();
  });

  const at = (key: string): string => `s3://${bucket}/${key}`;

  async function begin(task: Omit<CopilotTask, "bucket">): Promise<BuiltPod> {
    const built = copilotPod({ ...task, bucket });
    await node.kubectl(["create", "--filename", "-"], built.manifest);
    return built;
  }

  async function putInputs(name: string, values: Readonly<Record<string, PlainLiteral>>): Promise<void> {
    const literals = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fromPlain(value)]));
    await writeObject(
      stores,
      at(`${name}/inputs.pb`),
      toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals })),
    );
  }

  /** What it published, as plain values; undefined for nothing. */
  async function outputs({ prefix }: BuiltPod): Promise<Readonly<Record<string, PlainLiteral>> | undefined> {
    const uri = at(`${prefix}/outputs.pb`);
    if ((await statObject(stores, uri)) === undefined) return undefined;
    const { literals } = decodeLiteralMap(await readObject(stores, uri, { maxBytes }), uri);
    return Object.fromEntries(Object.entries(literals).map(([key, literal]) => [key, toPlain(literal)]));
  }

  async function report({ prefix }: BuiltPod) {
    const uri = at(`${prefix}/error.pb`);
    if ((await statObject(stores, uri)) === undefined) return undefined;
    return decodeErrorDocument(await readObject(stores, uri, { maxBytes }), uri);
  }

  it("stages inputs, runs the task and publishes what it left, as nobody on a read-only root [copilot B42]", async (context) => {
    context.skip(reason !== "", reason);
    const name = "whole";
    await writeObject(stores, at("data/file"), new TextEncoder().encode("of a file"));
    await putInputs(name, {
      n: { kind: "integer", value: 7n },
      f: { kind: "blob", uri: at("data/file"), format: "", multipart: false },
    });
    const built = await begin({
      name,
      script: "cat /var/inputs/n > /var/outputs/m; mkdir /var/outputs/d; cp /var/inputs/f /var/outputs/d/copy",
      inputs: { n: simple("INTEGER"), f: blob(0) },
      outputs: { m: simple("INTEGER"), d: blob(1) },
      restricted: true,
    });
    const end = await endOf(node, name);
    expect(end.phase).toBe("Succeeded");
    expect(end.containers.map(({ exitCode, restarts }) => [exitCode, restarts])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(await report(built)).toBeUndefined();
    const published = await outputs(built);
    expect(published?.["m"]).toEqual({ kind: "integer", value: 7n });
    const folder = published?.["d"];
    if (folder?.kind !== "blob") throw new Error("no folder was published");
    expect(new TextDecoder().decode(await readObject(stores, `${folder.uri}/copy`, { maxBytes }))).toBe("of a file");
  });

  it("whose inputs are not there never runs the task, and says why in the document and in the Pod [copilot B3]", async (context) => {
    context.skip(reason !== "", reason);
    const name = "no-input";
    await putInputs(name, { f: { kind: "blob", uri: at("data/absent"), format: "", multipart: false } });
    const built = await begin({
      name,
      script: "echo 7 > /var/outputs/m",
      inputs: { f: blob(0) },
      outputs: { m: simple("INTEGER") },
    });
    const end = await endOf(node, name);
    expect(end.phase).toBe("Failed");
    const downloader = end.containers.find((container) => container.name === "flyte-copilot-downloader");
    expect(downloader?.exitCode).not.toBe(0);
    expect(downloader?.message).toContain("data/absent");
    expect(await report(built)).toMatchObject({ code: "InputDownloadFailed" });
    expect((await report(built))?.message).toContain("data/absent");
    expect(await outputs(built)).toBeUndefined();
  });

  it("that leaves no output ends with the error document", async (context) => {
    context.skip(reason !== "", reason);
    const name = "no-output";
    const built = await begin({ name, script: "true", outputs: { m: simple("INTEGER") } });
    await endOf(node, name);
    expect(await report(built)).toMatchObject({ code: "OutputUploadFailed", origin: "user" });
    expect(await outputs(built)).toBeUndefined();
  });

  it("never loses the outputs of a task that ends at once [copilot B10]", async (context) => {
    context.skip(reason !== "", reason);
    const names = Array.from({ length: 10 }, (_, index) => `at-once-${index}`);
    for (const restricted of [false, true]) {
      // Three at a time: each brings a Node that starts.
      const built = new Map<string, BuiltPod>();
      const queue = names.map((name) => `${name}${restricted ? "-restricted" : ""}`).values();
      const work = async (): Promise<void> => {
        for (const name of queue) {
          const script = "echo 7 > /var/outputs/m";
          built.set(name, await begin({ name, script, outputs: { m: simple("INTEGER") }, restricted }));
          expect((await endOf(node, name)).phase).toBe("Succeeded");
        }
      };
      await Promise.all([work(), work(), work()]);
      for (const pod of built.values()) expect(await outputs(pod)).toEqual({ m: { kind: "integer", value: 7n } });
    }
  });
});
