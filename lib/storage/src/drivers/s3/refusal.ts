import { Buffer } from "node:buffer";
import { errorCode } from "@flyte-dataplane/core";
import { httpDate, retryAfterMs, StoreAnswer } from "../../store-answer.ts";
import type { WireResponse } from "../../wire/exchange.ts";
import type { S3Refusal } from "./errors.ts";
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** Far more than any error document; a page for people may be longer and is cut off then. */
const maxBytes = 64 * 1024;

/**
 * What a response that is no success says: the words of its error document, or no words where there is none, as in every
 * answer to HEAD. `now` is the local time in milliseconds. Rejects only once the request was aborted.
 */
export async function readRefusal(response: WireResponse, now: number): Promise<S3Refusal> {
  return refusalOf(response, await bodyText(response), now);
}

/** The refusal in a body that was read already, as of an answer with status 200 that failed on the way. */
export function refusalOf(
  { status, headers }: Pick<WireResponse, "status" | "headers">,
  body: string,
  now: number,
): S3Refusal {
  const document = errorDocument(body);
  const told = document === undefined ? undefined : textOf(document, "Message");
  const code = document === undefined ? "" : (textOf(document, "Code") ?? "");
  const region =
    headers.get("x-amz-bucket-region") ?? (document === undefined ? undefined : textOf(document, "Region"));
  return {
    answer: new StoreAnswer(status, printable(code, 100), {
      ...(told !== undefined && { message: printable(told, 300) }),
      retryAfterMs: retryAfterMs(headers.get("retry-after"), now),
      serverDateMs: httpDate(headers.get("date")),
      requestId: headers.get("x-amz-request-id"),
    }),
    html: document === undefined && isPage(headers.get("content-type"), body),
    ...(region !== undefined && /^[a-z0-9-]{1,40}$/.test(region) && { region }),
  };
}

async function bodyText(response: WireResponse): Promise<string> {
  try {
    return Buffer.from(await response.bytes(maxBytes)).toString("utf8");
  } catch (error) {
    // The status alone says enough; that its explanation broke off is no better news.
    if (errorCode(error) === "canceled" || errorCode(error) === "deadline_exceeded") throw error;
    return "";
  }
}

function errorDocument(body: string): XmlElement | undefined {
  try {
    const root = parseXml(body);
    if (root.name === "Error") return root;
    // The token service and some gateways wrap it.
    return root.name === "ErrorResponse" ? root.children.find(({ name }) => name === "Error") : undefined;
  } catch {
    return undefined;
  }
}

function isPage(contentType: string | undefined, body: string): boolean {
  return contentType?.startsWith("text/html") === true || /^\s*<(?:!doctype\s+html|html)[\s>]/i.test(body);
}

function printable(text: string, maxLength: number): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").slice(0, maxLength);
}
