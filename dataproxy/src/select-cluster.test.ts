import { expect, test } from "vitest";
import { clusterEndpoint } from "./select-cluster.ts";

const rows: readonly { host?: string; proto?: string; endpoint: string }[] = [
  { host: "flyte.example.com", proto: "https", endpoint: "https://flyte.example.com" },
  { host: "localhost:8090", endpoint: "http://localhost:8090" },
  { host: "flyte.example.com", proto: "https, http", endpoint: "https://flyte.example.com" },
  { host: "flyte.example.com", proto: "HTTPS", endpoint: "https://flyte.example.com" },
  { host: "localhost:8090", proto: "http", endpoint: "http://localhost:8090" },
  { host: "localhost:8090", proto: "   ", endpoint: "http://localhost:8090" },
  { proto: "https", endpoint: "" },
];

test("the endpoint is the caller's host with the scheme that a proxy forwards, http otherwise [dataproxy 11]", () => {
  for (const { host, proto, endpoint } of rows) {
    const header = new Headers({
      ...(host !== undefined && { host }),
      ...(proto !== undefined && { "x-forwarded-proto": proto }),
    });
    expect(clusterEndpoint("", header), JSON.stringify({ host, proto })).toBe(endpoint);
  }
});
