import { describe, expect, it } from "vitest";
import { s3Settings } from "./s3-settings.ts";

const keys = { access_key_id: "id", secret_key: "secret" };
const given = { kind: "given", accessKeyId: "id", secret: { text: "secret" } };

const settings = (config: Readonly<Record<string, string>>): ReturnType<typeof s3Settings> =>
  s3Settings(new Map(Object.entries(config)));

describe("settings of S3", () => {
  it.each([
    { name: "keys alone", config: keys, expected: { credentials: given } },
    {
      name: "keys with region and token",
      config: { ...keys, auth_type: "accesskey", region: "eu", token: "t" },
      expected: { credentials: { ...given, sessionToken: "t" }, region: "eu" },
    },
    {
      name: "a secret in a file, before one in the settings",
      config: { ...keys, secret_key_path: "/k" },
      expected: { credentials: { ...given, secret: { path: "/k" } } },
    },
    {
      name: "the surroundings' credentials",
      config: { auth_type: "iam", region: "r" },
      expected: { credentials: { kind: "ambient" }, region: "r" },
    },
    {
      name: "an address with its scheme",
      config: { ...keys, endpoint: "http://minio:9000", disable_ssl: "false" },
      expected: { credentials: given, endpoint: "http://minio:9000" },
    },
    {
      name: "an address without one",
      config: { ...keys, endpoint: "minio:9000" },
      expected: { credentials: given, endpoint: "https://minio:9000" },
    },
    {
      name: "an address without one and without TLS",
      config: { ...keys, endpoint: "minio:9000", disable_ssl: "true" },
      expected: { credentials: given, endpoint: "http://minio:9000" },
    },
    {
      name: "settings that say nothing, and unknown ones",
      config: { ...keys, region: "", endpoint: "", token: "", colour: "blue" },
      expected: { credentials: given },
    },
  ])("with $name", ({ config, expected }) => {
    expect(settings(config)).toEqual(expected);
  });

  it.each([
    { name: "no key id", config: { secret_key: "SECRET" }, expected: "access_key_id" },
    { name: "an empty key id", config: { access_key_id: "", secret_key: "SECRET" }, expected: "access_key_id" },
    { name: "no secret", config: { access_key_id: "id" }, expected: "secret_key" },
    { name: "an unknown way", config: { auth_type: "SECRET" }, expected: "auth_type" },
    { name: "old signatures", config: { ...keys, v2_signing: "true" }, expected: "v2_signing" },
  ])("with $name are refused, no value shown", ({ config, expected }) => {
    expect(() => settings(config)).toThrow(expected);
    expect(() => settings(config)).not.toThrow("SECRET");
  });
});
