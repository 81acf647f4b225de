import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pod } from "@flyte-dataplane/controller";
import { loadConfig } from "@flyte-dataplane/runtime/config";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { movesData, podStorage, storeVariables } from "./for-pods.ts";
import { type StorageSettings, storageSection } from "./section.ts";
import { s3Settings, storageBase } from "./store.ts";

/** The section as a person writes it. */
function settings(yaml: string): StorageSettings {
  const text = `storage:\n${yaml.replace(/^/gm, "  ")}`;
  return loadConfig([storageSection], { env: {}, file: { path: "config.yaml", text } }).get(storageSection);
}

const keys = `
base: s3://b/deep
stow:
  config: { access_key_id: AK, secret_key: hidden, region: eu-west-1, endpoint: "store:9000", disable_ssl: "true" }`;

describe("where everything lies", () => {
  test.each([
    { name: "the data directory when nothing is set", yaml: "type: stow", base: "/data/blobs" },
    { name: "the container when only that is set", yaml: "container: b", base: "s3://b" },
    { name: "the base when both are set", yaml: "{ container: b, base: s3://c/deep }", base: "s3://c/deep" },
    { name: "a path", yaml: "base: /mnt/flyte", base: "/mnt/flyte" },
  ])("is $name", ({ yaml, base }) => {
    expect(storageBase(settings(yaml), "/data/blobs")).toBe(base);
  });

  test.each(["gs://b", "b/deep", "s3:///deep", "s3://b/x?y"])("%s is refused, by the name of the setting", (base) => {
    expect(() => storageBase(settings(`base: "${base}"`), "/")).toThrow(/storage\.base/);
  });
});

describe("credentials", () => {
  test("an access key needs a secret, and accesskey needs a key", async () => {
    await expect(s3Settings(settings("stow: { config: { access_key_id: AK } }"), {})).rejects.toThrow(
      /secret_key_path/,
    );
    await expect(s3Settings(settings("stow: { config: { auth_type: accesskey } }"), {})).rejects.toThrow(
      /access_key_id/,
    );
  });

  test("a file with the secret wins over the secret itself", async () => {
    const both = "stow: { config: { access_key_id: AK, secret_key: x, secret_key_path: /run/secret } }";
    const { credentials } = await s3Settings(settings(both), {});
    expect(credentials).toEqual({ kind: "given", accessKeyId: "AK", secret: { path: "/run/secret" } });
  });

  test("without keys the surroundings are asked, and with keys iam asks them all the same", async () => {
    expect((await s3Settings(settings("type: stow"), {})).credentials).toEqual({ kind: "ambient" });
    const iam = "{ s3: { profile: p }, stow: { config: { auth_type: iam, access_key_id: AK } } }";
    expect((await s3Settings(settings(iam), {})).credentials).toEqual({ kind: "ambient", profile: "p" });
  });

  test("a faulty secret is not shown", () => {
    const text = "storage: { stow: { config: { secret_key: [hidden-value] } } }";
    const load = (): unknown => loadConfig([storageSection], { env: {}, file: { path: "f", text } });
    expect(load).toThrow(/secret_key is not what is expected/);
    expect(load).not.toThrow(/hidden-value/);
  });
});

test("an endpoint without scheme is https unless TLS is disabled", async () => {
  expect((await s3Settings(settings(keys), {})).endpoint).toBe("http://store:9000");
  expect((await s3Settings(settings("stow: { config: { endpoint: store } }"), {})).endpoint).toBe("https://store");
});

test("settings win over the environment for region and endpoint", async () => {
  const env = { AWS_REGION: "ap-south-1", AWS_ENDPOINT_URL_S3: "https://elsewhere" };
  expect(await s3Settings(settings(keys), env)).toMatchObject({ region: "eu-west-1", endpoint: "http://store:9000" });
  expect(await s3Settings(settings("type: s3"), env)).toMatchObject({
    region: "ap-south-1",
    endpoint: "https://elsewhere",
  });
});

describe("what containers are told", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fdp-store-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("Pods name the place and no key", () => {
    const told = podStorage(settings(keys), "s3://b/deep", {});
    expect(told).toEqual({
      type: "stow",
      container: "b",
      multiContainer: false,
      kind: "s3",
      config: { auth_type: "iam", region: "eu-west-1", endpoint: "http://store:9000", disable_ssl: "true" },
    });
    expect(podStorage(settings(keys), "/data/blobs", {})).toBeUndefined();
  });

  test("processes get the keys, a secret in a file as it is at that moment", async () => {
    const path = join(folder, "secret");
    const given = settings(`stow: { config: { access_key_id: AK, secret_key_path: ${path}, token: T } }`);
    await expect(storeVariables(given, {})).rejects.toMatchObject({ code: "failed_precondition" });
    for (const secret of ["first", "second"]) {
      await writeFile(path, `${secret}\n`);
      expect(await storeVariables(given, { AWS_PROFILE: "mine" })).toEqual({
        AWS_ACCESS_KEY_ID: "AK",
        AWS_SECRET_ACCESS_KEY: secret,
        AWS_SESSION_TOKEN: "T",
        FLYTE_AWS_ACCESS_KEY_ID: "AK",
        FLYTE_AWS_SECRET_ACCESS_KEY: secret,
      });
    }
  });

  test("without keys processes find credentials as the server does, and get nothing else of its environment", async () => {
    const env = { AWS_PROFILE: "mine", AWS_SESSION_TOKEN: "T", AWS_VAULT: "x", FLYTE_API_KEY: "y" };
    expect(await storeVariables(settings("type: stow"), env)).toEqual({ AWS_PROFILE: "mine", AWS_SESSION_TOKEN: "T" });
  });

  test("a task whose data co-pilot moves gets no key, co-pilot and every other task do", () => {
    const container = (name: string) => ({ name });
    const pod = (init: readonly string[]): Pod => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "r1-a0-0" },
      spec: { initContainers: init.map(container), containers: [container("main")] },
    });
    const raw = pod(["flyte-copilot-uploader", "flyte-copilot-downloader", "own"]);
    expect(["flyte-copilot-uploader", "flyte-copilot-downloader"].map((name) => movesData(raw, name))).toEqual([
      true,
      true,
    ]);
    expect(["main", "own"].map((name) => movesData(raw, name))).toEqual([false, false]);
    expect(movesData(pod([]), "main")).toBe(true);
  });
});
