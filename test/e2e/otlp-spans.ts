/** Reads as much of OpenTelemetry's export messages as a test needs; field numbers are those of its trace.proto. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
}

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/** All spans of an ExportTraceServiceRequest. */
export function spansIn(request: Uint8Array): readonly SentSpan[] {
  return all(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(all(resourceSpans, 1).flatMap((message) => all(message, 1)));
    return all(resourceSpans, 2)
      .flatMap((scopeSpans) => all(scopeSpans, 2))
      .map((span) => ({
        traceId: hex(first(span, 1)),
        spanId: hex(first(span, 2)),
        parentSpanId: hex(first(span, 4)),
        name: text(first(span, 5)),
        kind: kinds[number(span, 6)] ?? "",
        attributes: attributesOf(all(span, 9)),
        resource,
      }));
  });
}

function attributesOf(pairs: readonly Uint8Array[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map((pair) => [text(first(pair, 1)), valueOf(first(pair, 2))]));
}

/** A text, or the texts of a list with commas between. */
function valueOf(any: Uint8Array): string {
  const list = first(any, 5);
  return list.length === 0
    ? text(first(any, 1))
    : all(list, 1)
        .map((item) => text(first(item, 1)))
        .join(",");
}

/** The values of a field whose wire type is that of bytes, texts and messages. */
function all(message: Uint8Array, wanted: number): readonly Uint8Array[] {
  const reader = new BinaryReader(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.LengthDelimited) found.push(reader.bytes());
    else reader.skip(type, field);
  }
  return found;
}

function first(message: Uint8Array, wanted: number): Uint8Array {
  return all(message, wanted)[0] ?? new Uint8Array();
}

function number(message: Uint8Array, wanted: number): number {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === WireType.Varint) return reader.uint32();
    reader.skip(type, field);
  }
  return 0;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
