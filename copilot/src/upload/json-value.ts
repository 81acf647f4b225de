/** Values of lists and maps in a JSON file, in the forms that `inputs.json` has for inputs of the same types. */
import { Buffer } from "node:buffer";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import {
  fromNanos,
  fromPlain,
  type PlainLiteral,
  parseDateTime,
  parseDuration,
  parseInteger,
} from "@flyte-dataplane/core";
import type { Literal } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { type LiteralType, SimpleType } from "@flyte-dataplane/proto/flyteidl2/core/types";
import { chooseVariant, noneOf } from "./choose-variant.ts";
import { type ExactJson, isExactList, isExactNumber } from "./exact-json.ts";
import { badOutput, eachPart } from "./output-error.ts";
import { PackedLiteral } from "./packed-literal.ts";

/**
 * The literal of the declared type that `json` stands for; `place` names it in messages. Rejects (origin user) with
 * `invalid_argument` for another kind of value, `failed_precondition` for files and tables, which JSON does not hold.
 */
export async function literalFromJson(type: LiteralType, json: ExactJson, place: string): Promise<Literal> {
  const kind = type.type;
  switch (kind.case) {
    case "simple":
      return fromPlain(simpleFromJson(kind.value, json, place));
    case "enumType":
      if (typeof json === "string" && kind.value.values.includes(json))
        return fromPlain({ kind: "string", value: json });
      throw mismatch(place, `one of ${kind.value.values.join(", ")}`);
    case "collectionType": {
      if (!isExactList(json)) throw mismatch(place, "a list");
      const item = kind.value;
      const list = new PackedLiteral();
      await eachPart(json, async (member, index) => {
        list.addItem(await literalFromJson(item, member, `${place}[${index}]`));
      });
      return list.list;
    }
    case "mapValueType": {
      const member = kind.value;
      const map = new PackedLiteral();
      await eachPart(objectOf(json, place), async ([key, value]) => {
        checkKey(key, place);
        map.addEntry(key, await literalFromJson(member, value, `${place}[${JSON.stringify(key)}]`));
      });
      return map.map;
    }
    case "unionType": {
      const none = json === null ? noneOf(kind.value) : undefined;
      if (none !== undefined) return none;
      const read = async (variant: LiteralType): Promise<{ readonly literal: Literal }> => ({
        literal: await literalFromJson(variant, json, place),
      });
      return (await chooseVariant(kind.value, place, read)).literal;
    }
    case "blob":
    case "schema":
    case "structuredDatasetType":
      throw badOutput("failed_precondition", place, "files and tables are left in folders, not in a JSON file");
    case undefined:
      throw badOutput("unimplemented", place, 'outputs of type "none declared" are not supported');
  }
}

/** The key that no JavaScript object takes for one of its own. */
export function checkKey(key: string, place: string): void {
  if (key === "__proto__") throw badOutput("invalid_argument", place, 'the map key "__proto__" is not supported');
}

function simpleFromJson(type: SimpleType, json: ExactJson, place: string): PlainLiteral {
  switch (type) {
    case SimpleType.NONE:
      if (json === null) return { kind: "none" };
      throw mismatch(place, "null");
    case SimpleType.INTEGER:
      if (isExactNumber(json)) return { kind: "integer", value: parsed(() => parseInteger(json.digits), place) };
      throw mismatch(place, "an integer");
    case SimpleType.FLOAT:
      return { kind: "float", value: floatOf(json, place) };
    case SimpleType.BOOLEAN:
      if (typeof json === "boolean") return { kind: "boolean", value: json };
      throw mismatch(place, "true or false");
    case SimpleType.STRING:
      return { kind: "string", value: textOf(json, place, "a text") };
    case SimpleType.ERROR:
      return { kind: "error", message: textOf(json, place, "a text"), failedNodeId: "" };
    case SimpleType.DATETIME: {
      const text = textOf(json, place, "a date and time as text");
      return { kind: "datetime", value: parsed(() => parseDateTime(text), place) };
    }
    case SimpleType.DURATION: {
      // Nanoseconds, as inputs have it, or the text that a file of its own would hold.
      if (isExactNumber(json))
        return { kind: "duration", value: fromNanos(parsed(() => parseInteger(json.digits), place)) };
      const text = textOf(json, place, "a duration as text or in nanoseconds");
      return { kind: "duration", value: fromNanos(parsed(() => parseDuration(text), place)) };
    }
    case SimpleType.BINARY:
      return { kind: "binary", bytes: bytesOf(textOf(json, place, "base64"), place), tag: "msgpack" };
    case SimpleType.STRUCT:
      return { kind: "struct", value: structOf(json, place) };
    default:
      throw badOutput("unimplemented", place, `simple type ${String(type)}: this version does not know it`);
  }
}

const nonFinite: ReadonlyMap<ExactJson, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function floatOf(json: ExactJson, place: string): number {
  const value = isExactNumber(json) ? Number(json.digits) : nonFinite.get(json);
  if (value !== undefined && (Number.isFinite(value) || !isExactNumber(json))) return value;
  throw mismatch(place, 'a number of 64 bits, "NaN", "Infinity" or "-Infinity"');
}

function textOf(json: ExactJson, place: string, what: string): string {
  if (typeof json === "string") return json;
  throw mismatch(place, what);
}

function bytesOf(text: string, place: string): Uint8Array {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return Buffer.from(text, "base64");
  throw mismatch(place, "base64");
}

function structOf(json: ExactJson, place: string): JsonObject {
  return Object.fromEntries([...objectOf(json, place)].map(([key, value]) => [key, plainJson(value, key, place)]));
}

function plainJson(json: ExactJson, key: string, place: string): JsonValue {
  checkKey(key, place);
  if (isExactNumber(json)) {
    const value = Number(json.digits);
    if (Number.isFinite(value)) return value;
    throw mismatch(place, "a JSON object with numbers of 64 bits");
  }
  if (isExactList(json)) return json.map((member) => plainJson(member, "", place));
  return typeof json === "object" && json !== null ? structOf(json, place) : json;
}

function objectOf(json: ExactJson, place: string): ReadonlyMap<string, ExactJson> {
  if (json instanceof Map) return json;
  throw mismatch(place, "a JSON object");
}

function parsed<Value>(parse: () => Value, place: string): Value {
  try {
    return parse();
  } catch (error) {
    throw badOutput("invalid_argument", place, error instanceof Error ? error.message : String(error));
  }
}

function mismatch(place: string, expected: string): Error {
  return badOutput("invalid_argument", place, `expected ${expected}`);
}
