import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TailLogsResponseSchema } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { ContainerIdentifierSchema, LogLineOriginator } from "@flyte-dataplane/proto/flyteidl2/logs/dataplane/payload";
import { expect, test } from "vitest";
import { createLineEncoder } from "./line-encoder.ts";
import type { LogEntry } from "./log-reader.ts";

const container = create(ContainerIdentifierSchema, {
  clusterName: "local",
  kubernetesNamespace: "flyte",
  kubernetesPodName: "run-a0-0",
  kubernetesContainerName: "main",
});
const first = timestampFromMs(1_700_000_000_123);
const later = timestampFromMs(1_700_000_001_000);

test.each<{ name: string; entries: readonly LogEntry[]; strip?: boolean }>([
  { name: "no line", entries: [] },
  { name: "lines without times", entries: [{ text: "a\n" }, { text: "" }] },
  { name: "lines of two times", entries: [first, first, later].map((time) => ({ time, text: "x\n" })) },
  { name: "a time before all others", entries: [{ time: timestampFromMs(0), text: "x" }] },
  {
    name: "texts of every length around those of a longer head",
    entries: lengths().map((n) => ({ text: "y".repeat(n) })),
  },
  { name: "texts of many bytes per character", entries: [{ text: "\u00e4\u20ac\u{1f600}".repeat(3000) }] },
  { name: "half a character, which Unicode does not have", entries: [{ text: "a\ud800b" }] },
  {
    name: "line ends that are stripped",
    entries: [{ text: "unix\n" }, { text: "dos\r\n" }, { text: "\n" }],
    strip: true,
  },
])("$name has the bytes that the generated code gives it", ({ entries, strip = false }) => {
  const lines = entries.map(({ time, text }) => ({
    ...(time && { timestamp: time }),
    message: strip ? text.replace(/[\r\n]+$/, "") : text,
    originator: LogLineOriginator.USER,
    shortPodName: "run-a0-0",
  }));
  const expected = create(TailLogsResponseSchema, { logs: [{ lines, container }] });
  const { bytes } = createLineEncoder(container, strip)(entries);
  // An empty text is written here and left out there: the same message.
  expect(fromBinary(TailLogsResponseSchema, bytes)).toEqual(
    fromBinary(TailLogsResponseSchema, toBinary(TailLogsResponseSchema, expected)),
  );
});

function lengths(): readonly number[] {
  return [1, 100, 126, 127, 128, 129, 16_350, 16_383, 16_384, 70_000];
}
