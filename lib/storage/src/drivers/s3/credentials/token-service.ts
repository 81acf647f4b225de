import { Buffer } from "node:buffer";
import type { Env } from "@flyte-dataplane/core";
import { childOf, parseXml, textOf, type XmlElement } from "../xml.ts";
import { ask, refusalOf, withClient } from "./ask.ts";
import type { S3Credentials } from "./credentials.ts";
import { expiryOf, malformed } from "./document.ts";
import { readSecretFile } from "./secret-file.ts";
import { type SourceDeps, unusable, variable } from "./source.ts";

/** A role and the proof that we may take it on. */
export interface WebIdentity {
  /** Somebody else rotates what it holds: it is read at each call. */
  readonly tokenFile: string;
  readonly roleArn: string;
  /** Stands in the audit log of the account. */
  readonly sessionName: string | undefined;
}

/**
 * Exchanges a web identity for credentials of an hour at AWS's token service, in `region` or else at its global address;
 * AWS_ENDPOINT_URL_STS or AWS_ENDPOINT_URL name another service.
 */
export async function assumeRoleWithWebIdentity(
  identity: WebIdentity,
  region: string | undefined,
  deps: SourceDeps,
): Promise<S3Credentials> {
  const url = serviceUrl(deps.env, region);
  const form = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: identity.roleArn,
    RoleSessionName: identity.sessionName ?? "flyte-dataplane",
    WebIdentityToken: await readSecretFile(identity.tokenFile),
  });
  const request = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", accept: "application/xml" },
    body: Buffer.from(form.toString()),
  };
  const answer = await withClient(deps, deps.wire, async (client) => await ask(client, url, request));
  const document = parse(answer.text);
  if (answer.status !== 200) throw refusalOf(url, answer, errorCode(document), deps);
  const result = document === undefined ? undefined : childOf(document, "AssumeRoleWithWebIdentityResult");
  return credentialsOf(result === undefined ? undefined : childOf(result, "Credentials"), url);
}

function serviceUrl(env: Env, region: string | undefined): URL {
  const ignored = env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]?.toLowerCase() === "true";
  const given = variable(env, "AWS_ENDPOINT_URL_STS") ?? variable(env, "AWS_ENDPOINT_URL");
  if (given !== undefined && !ignored) {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given);
    throw unusable("AWS_ENDPOINT_URL_STS is no URL");
  }
  if (region === undefined) return new URL("https://sts.amazonaws.com");
  // It becomes part of the name of the host that is given the token.
  if (!/^[a-z0-9-]{1,40}$/.test(region)) throw unusable("the region is no region of AWS");
  return new URL(`https://sts.${region}.${region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"}`);
}

function parse(text: string): XmlElement | undefined {
  try {
    return parseXml(text);
  } catch {
    // An answer in another language: whoever asks finds nothing in it.
    return undefined;
  }
}

function errorCode(document: XmlElement | undefined): string | undefined {
  const error = document === undefined ? undefined : childOf(document, "Error");
  return error === undefined ? undefined : textOf(error, "Code");
}

function credentialsOf(element: XmlElement | undefined, url: URL): S3Credentials {
  const text = (name: string): string => {
    const value = element === undefined ? undefined : textOf(element, name);
    if (value === undefined || value === "") throw malformed(url.host);
    return value;
  };
  return {
    accessKeyId: text("AccessKeyId"),
    secretAccessKey: text("SecretAccessKey"),
    sessionToken: text("SessionToken"),
    expiresAt: expiryOf(text("Expiration"), url.host),
  };
}
