/**
 * Who calls, as far as the headers say. A proxy that authenticates puts the headers there; nothing here checks a
 * signature, so they are believed only where the configuration says so.
 */
import { create } from "@bufbuild/protobuf";
import { type EnrichedIdentity, EnrichedIdentitySchema } from "@flyte-dataplane/proto/flyteidl2/common/identity";
import type { ApiConfig } from "../config.ts";

export interface Caller {
  readonly subject: string;
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
}

export type IdentityConfig = Pick<ApiConfig, "trustForwardedIdentityHeaders" | "identityHeaders" | "anonymousSubject">;

/** Whom the headers name, else whom the configuration takes a nameless caller for; undefined where that is nobody. */
export function callerOf(config: IdentityConfig, headers: Headers): Caller | undefined {
  const { anonymousSubject: subject } = config;
  return (
    namedBy(config, headers) ??
    (subject === "" ? undefined : { subject, email: "", givenName: subject, familyName: "" })
  );
}

/** The claims header, else the subject header, else a bearer token. */
function namedBy(config: IdentityConfig, headers: Headers): Caller | undefined {
  if (!config.trustForwardedIdentityHeaders) return undefined;
  const names = config.identityHeaders;
  return (
    claimsOf(headerOf(headers, names.claimsJwtHeader)) ??
    subjectOf(headerOf(headers, names.subjectHeader), headerOf(headers, names.emailHeader)) ??
    claimsOf(/^bearer\s+(?<token>\S+)$/i.exec(headerOf(headers, "authorization"))?.groups?.["token"] ?? "")
  );
}

/** The stored and returned form of a caller. */
export function enrichedIdentity(caller: Caller): EnrichedIdentity {
  return create(EnrichedIdentitySchema, {
    principal: {
      case: "user",
      value: {
        id: { subject: caller.subject },
        spec: { firstName: caller.givenName, lastName: caller.familyName, email: caller.email },
      },
    },
  });
}

function headerOf(headers: Headers, name: string): string {
  return name === "" ? "" : (headers.get(name)?.trim() ?? "");
}

function subjectOf(subject: string, email: string): Caller | undefined {
  return subject === "" ? undefined : { subject, email, givenName: "", familyName: "" };
}

/** The payload of a three-part token, base64url with or without padding; undefined unless it names a subject. */
function claimsOf(token: string): Caller | undefined {
  const [, payload, , ...rest] = token.split(".");
  if (payload === undefined || token.split(".").length !== 3 || rest.length > 0) return undefined;
  const claims = parseClaims(Buffer.from(payload, "base64url").toString("utf8"));
  const subject = text(claims["sub"]);
  if (subject === "") return undefined;
  return {
    subject,
    email: text(claims["email"]),
    givenName: text(claims["given_name"]),
    familyName: text(claims["family_name"]),
  };
}

function parseClaims(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    // Not a token of ours: the call is then anonymous, and what needs a caller refuses it.
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
