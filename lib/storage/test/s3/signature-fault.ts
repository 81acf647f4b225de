import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";

/** What arrives at a store. */
export interface Arrived {
  readonly method: string;
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What is wrong with a request's Signature Version 4, in its headers or in its query; undefined for nothing. It believes
 * nobody: it takes the request apart, spells it again, slowly and by the book, and compares.
 */
export function signatureFault(arrived: Arrived, secret: string): string | undefined {
  const [path = "", rawQuery] = arrived.target.split("?", 2);
  const parameters = (rawQuery ?? "")
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const [name = "", value = ""] = part.split("=", 2);
      return { name: decodeURIComponent(name), value: decodeURIComponent(value) };
    });
  const query = new Map(parameters.map(({ name, value }) => [name, value]));
  const authorization = arrived.headers["authorization"];
  const given = /Credential=([^,]*), SignedHeaders=([^,]*), Signature=([^,]*)$/.exec(authorization ?? "");
  const inHeader = given !== null;
  const credential = (inHeader ? given[1] : query.get("X-Amz-Credential")) ?? "";
  const signedNames = ((inHeader ? given[2] : query.get("X-Amz-SignedHeaders")) ?? "").split(";");
  const signature = inHeader ? given[3] : query.get("X-Amz-Signature");
  const moment = (inHeader ? arrived.headers["x-amz-date"] : query.get("X-Amz-Date")) ?? "";
  const payload = inHeader ? (arrived.headers["x-amz-content-sha256"] ?? "") : "UNSIGNED-PAYLOAD";
  if (!signedNames.includes("host")) return "the host is not signed";
  if (signedNames.join(";") !== [...signedNames].sort(bytewise).join(";")) return "the names are not in order";
  const headers = new Map(Object.entries(arrived.headers).map(([name, value]) => [name.toLowerCase(), value]));
  headers.set("host", arrived.host);
  const canonical = [
    arrived.method,
    path,
    parameters
      .filter(({ name }) => inHeader || name !== "X-Amz-Signature")
      .map(({ name, value }) => [byteEscape(name), byteEscape(value)] as const)
      .sort((a, b) => bytewise(a[0], b[0]) || bytewise(a[1], b[1]))
      .map(([name, value]) => `${name}=${value}`)
      .join("&"),
    ...signedNames.map(
      (name) =>
        `${name}:${(headers.get(name) ?? "")
          .split(/[ \t]+/)
          .join(" ")
          .trim()}`,
    ),
    "",
    signedNames.join(";"),
    payload,
  ].join("\n");
  const scope = credential.split("/").slice(1);
  const key = scope.reduce(
    (secretSoFar: string | Buffer, part) => createHmac("sha256", secretSoFar).update(part).digest(),
    `AWS4${secret}`,
  );
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const expected = createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n${moment}\n${scope.join("/")}\n${hashed}`)
    .digest("hex");
  return signature === expected ? undefined : "the signature is another";
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function byteEscape(given: string): string {
  return [...Buffer.from(given)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
