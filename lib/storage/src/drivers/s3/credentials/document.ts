import { DataPlaneError } from "@flyte-dataplane/core";
import type { S3Credentials } from "./credentials.ts";

/** What the services on the machine itself answer: credentials, or the word for what is wrong. */
export type CredentialsDocument =
  | { readonly kind: "credentials"; readonly credentials: S3Credentials }
  | { readonly kind: "refused"; readonly word: string | undefined };

/**
 * Reads `{ AccessKeyId, SecretAccessKey, Token, Expiration }`, or `{ Code, … }` in place of it. Throws `unavailable` for
 * anything else: it came from something in between.
 */
export function parseDocument(text: string, host: string): CredentialsDocument {
  const document = parseObject(text);
  const word = wordIn(document);
  if (word !== undefined && word !== "Success") return { kind: "refused", word };
  const accessKeyId = stringOf(document, "AccessKeyId");
  const secretAccessKey = stringOf(document, "SecretAccessKey");
  const sessionToken = stringOf(document, "Token");
  if (accessKeyId === undefined || secretAccessKey === undefined) throw malformed(host);
  const expiration = stringOf(document, "Expiration");
  return {
    kind: "credentials",
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken !== undefined && { sessionToken }),
      ...(expiration !== undefined && { expiresAt: expiryOf(expiration, host) }),
    },
  };
}

/** The service's word for a refusal, where its answer has one. */
export function refusalWord(text: string): string | undefined {
  return wordIn(parseObject(text));
}

function wordIn(document: object): string | undefined {
  return stringOf(document, "Code") ?? stringOf(document, "code");
}

/** A moment as these services write it, milliseconds since the Unix epoch. Throws `unavailable` for what is none. */
export function expiryOf(text: string, host: string): number {
  const moment = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(moment)) throw malformed(host);
  return moment;
}

export function malformed(host: string): DataPlaneError {
  return new DataPlaneError("unavailable", `${host} answers what are no credentials`);
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // An empty object has no credentials either.
    return {};
  }
}

function stringOf(document: object, name: string): string | undefined {
  const value: unknown = Object.getOwnPropertyDescriptor(document, name)?.value;
  return typeof value === "string" && value !== "" ? value : undefined;
}
