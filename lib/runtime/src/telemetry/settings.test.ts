import { DataPlaneError } from "@flyte-dataplane/core";
import { expect, test } from "vitest";
import { telemetrySettings } from "./settings.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" };

test.each([
  { name: "no variable at all", env: {} },
  { name: "names for the service alone", env: { OTEL_SERVICE_NAME: "x", OTEL_RESOURCE_ATTRIBUTES: "a=b" } },
  { name: "an endpoint, and the SDK disabled", env: { ...endpoint, OTEL_SDK_DISABLED: "TRUE" } },
  { name: "an endpoint, and no exporter for traces", env: { ...endpoint, OTEL_TRACES_EXPORTER: "none" } },
])("$name asks for no traces", ({ env }) => {
  expect(telemetrySettings(env)).toBeUndefined();
});

test.each([
  { sampler: undefined, argument: undefined, followsCaller: true, ratio: 1 },
  { sampler: "always_off", argument: undefined, followsCaller: false, ratio: 0 },
  { sampler: "traceidratio", argument: "0.25", followsCaller: false, ratio: 0.25 },
  { sampler: "parentbased_traceidratio", argument: undefined, followsCaller: true, ratio: 1 },
])("sampler $sampler with argument $argument keeps $ratio", ({ sampler, argument, followsCaller, ratio }) => {
  const env = { ...endpoint, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: argument };
  expect(telemetrySettings(env)).toMatchObject({ followsCaller, ratio });
});

test("what is set of the batches is taken, the rest left to the packages", () => {
  const env = { ...endpoint, OTEL_BSP_SCHEDULE_DELAY: "100" };
  expect(telemetrySettings(env)?.batch).toEqual({ scheduledDelayMillis: 100 });
});

test.each([
  { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
  { OTEL_TRACES_EXPORTER: "zipkin" },
  { OTEL_TRACES_SAMPLER: "jaeger_remote" },
  { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" },
  { OTEL_BSP_SCHEDULE_DELAY: "soon" },
])("%j is refused by name", (env) => {
  expect(() => telemetrySettings({ ...endpoint, ...env })).toThrow(DataPlaneError);
  expect(() => telemetrySettings({ ...endpoint, ...env })).toThrow(Object.keys(env).at(-1));
});
