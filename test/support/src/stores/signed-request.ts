/**
 * The least client of S3: one signed request on a connection of its own. It prepares and inspects stores independently
 * of the drivers that tests judge.
 */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text as readText } from "node:stream/consumers";

export interface RequestToSign {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly method: string;
  /** Path and query, encoded; query parameters in the order of their names. */
  readonly target: string;
  readonly body: Uint8Array;
  /** `s3` by default. */
  readonly service?: string;
}

export interface SignedAnswer {
  readonly status: number;
  readonly text: string;
}

export async function signedRequest(asked: RequestToSign): Promise<SignedAnswer> {
  const { endpoint, method, target, body } = asked;
  const { host } = new URL(endpoint);
  const time = new Date().toISOString().replace(/[:-]|\.\d+/g, "");
  const signed = { host, "x-amz-content-sha256": sha256(body), "x-amz-date": time };
  const sent = request(`${endpoint}${target}`, {
    method,
    agent: false,
    headers: {
      ...signed,
      "content-length": body.byteLength,
      // A body of an STS call is a form; for objects it is any type.
      "content-type": "application/x-www-form-urlencoded",
      authorization: authorization(asked, signed),
    },
  });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await readText(response) };
}

function authorization(asked: RequestToSign, headers: Readonly<Record<string, string>>): string {
  const { region, accessKeyId, secretAccessKey, method, target, service = "s3" } = asked;
  const [path = "", query = ""] = target.split("?");
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name] ?? ""}\n`).join("");
  const canonical = [method, path, query, lines, names.join(";"), sha256(asked.body)].join("\n");
  const time = headers["x-amz-date"] ?? "";
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const key = scope.split("/").reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n")).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
