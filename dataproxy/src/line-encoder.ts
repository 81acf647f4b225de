/**
 * Log lines as the bytes of a TailLogsResponse. A log has millions of lines: a message object for each, and a buffer for
 * each of its texts, are garbage that outlives the wait for a slow reader and is collected late. Here a batch is one buffer.
 */
import { toBinary } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import {
  type ContainerIdentifier,
  ContainerIdentifierSchema,
  LogLineOriginator,
} from "@flyte-dataplane/proto/flyteidl2/logs/dataplane/payload";
import { EncodedMessage } from "@flyte-dataplane/runtime/server";
import type { LogEntry } from "./log-reader.ts";

/** Field numbers, each with the wire type of bytes, texts and messages. */
const tags = {
  response: { logs: 0x0a },
  logs: { lines: 0x0a, container: 0x12 },
  line: { timestamp: 0x0a, message: 0x12, originator: 0x18, shortPodName: 0x22 },
} as const;

/** Every batch of the returned function is told to come from `container`; `strip` leaves line ends out. */
export function createLineEncoder(
  container: ContainerIdentifier,
  strip: boolean,
): (entries: readonly LogEntry[]) => EncodedMessage {
  const source = field(tags.logs.container, toBinary(ContainerIdentifierSchema, container));
  const podName = field(tags.line.shortPodName, Buffer.from(container.kubernetesPodName.slice(-8)));
  const end = Buffer.concat([Buffer.of(tags.line.originator, LogLineOriginator.USER), podName]);
  let known: { readonly time: Timestamp; readonly bytes: Uint8Array } | undefined;
  const stampOf = (time: Timestamp | undefined): Uint8Array => {
    if (time === undefined) return nothing;
    if (known?.time !== time) known = { time, bytes: field(tags.line.timestamp, toBinary(TimestampSchema, time)) };
    return known.bytes;
  };

  return (entries) => {
    const lines = entries.map(({ time, text }) => {
      const message = strip ? text.replace(/[\r\n]+$/, "") : text;
      const bytes = Buffer.byteLength(message);
      const stamp = stampOf(time);
      return { message, bytes, stamp, length: stamp.length + lengthOf(bytes) + end.length };
    });
    const content = lines.reduce((sum, { length }) => sum + lengthOf(length), 0) + source.length;
    const target = Buffer.allocUnsafe(lengthOf(content));
    let at = head(target, 0, tags.response.logs, content);
    for (const { message, bytes, stamp, length } of lines) {
      at = head(target, at, tags.logs.lines, length);
      target.set(stamp, at);
      at = head(target, at + stamp.length, tags.line.message, bytes);
      target.write(message, at, "utf8");
      target.set(end, at + bytes);
      at += bytes + end.length;
    }
    target.set(source, at);
    return new EncodedMessage(target);
  };
}

const nothing = new Uint8Array();

function field(tag: number, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(lengthOf(content.length));
  bytes.set(content, head(bytes, 0, tag, content.length));
  return bytes;
}

/** Of a field with `contentBytes` of content, its tag and length included. */
function lengthOf(contentBytes: number): number {
  let bytes = 2 + contentBytes;
  for (let rest = contentBytes; rest > 0x7f; rest >>>= 7) bytes += 1;
  return bytes;
}

/** Writes a tag and a length; returns where the content begins. */
function head(target: Buffer, at: number, tag: number, contentBytes: number): number {
  target[at] = tag;
  let next = at + 1;
  let rest = contentBytes;
  for (; rest > 0x7f; rest >>>= 7) {
    target[next] = (rest & 0x7f) | 0x80;
    next += 1;
  }
  target[next] = rest;
  return next + 1;
}
