import { describe, expect, it } from "vitest";
import { primaryStore } from "./primary-store.ts";
import type { StoreSettings } from "./store-settings.ts";

const aStore = (settings: Partial<StoreSettings>): StoreSettings => ({
  type: "stow",
  kind: undefined,
  config: new Map(),
  container: "",
  multiContainer: false,
  chosen: true,
  s3Scheme: { kind: undefined, config: new Map() },
  timeoutMs: 0,
  maxConnectionsPerHost: 0,
  ...settings,
});

describe("the store of the task's data", () => {
  it.each([
    { name: "nothing said", settings: { chosen: false }, expected: { scheme: "any" } },
    { name: "stow and a bucket", settings: { container: "b" }, expected: { scheme: "s3", bucket: "b" } },
    { name: "minio", settings: { type: "minio", kind: "s3", container: "b" }, expected: { scheme: "s3", bucket: "b" } },
    { name: "all buckets", settings: { type: "s3", container: "b", multiContainer: true }, expected: { scheme: "s3" } },
    { name: "type local alone", settings: { type: "local" }, expected: { scheme: "file", root: "/", folder: "/" } },
    {
      name: "kind local with a folder",
      settings: { kind: "local", config: new Map([["path", "/data/"]]), container: "b" },
      expected: { scheme: "file", root: "/data", folder: "/data/b" },
    },
    {
      name: "kind local with all folders",
      settings: { kind: "local", config: new Map([["path", "/data"]]), container: "b", multiContainer: true },
      expected: { scheme: "file", root: "/data", folder: "/data" },
    },
    { name: "memory", settings: { type: "mem" }, expected: { scheme: "mem" } },
  ] as const)("with $name", ({ settings, expected }) => {
    expect(primaryStore(aStore(settings))).toEqual(expected);
  });

  it.each([
    { name: "no bucket", settings: { type: "s3" }, code: "invalid_argument", says: "storage.container" },
    {
      name: "no bucket although all are allowed",
      settings: { multiContainer: true },
      code: "invalid_argument",
      says: "storage.container",
    },
    { name: "google", settings: { kind: "google", container: "b" }, code: "unimplemented", says: '"s3" and "local"' },
    { name: "azure", settings: { kind: "azure", container: "b" }, code: "unimplemented", says: '"azure"' },
    { name: "redis", settings: { type: "redis" }, code: "unimplemented", says: '"redis"' },
    {
      name: "a type of one kind and a driver of another",
      settings: { type: "s3", kind: "local", container: "b" },
      code: "invalid_argument",
      says: "contradict",
    },
  ] as const)("with $name is refused", ({ settings, code, says }) => {
    expect(() => primaryStore(aStore(settings))).toThrow(
      expect.objectContaining({ code, origin: "user", message: expect.stringContaining(says) as string }) as Error,
    );
  });
});
