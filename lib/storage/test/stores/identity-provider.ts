import { Buffer } from "node:buffer";
import { generateKeyPairSync, sign } from "node:crypto";
import { type LoopbackServer, loopbackServer } from "../s3/credentials/loopback-server.ts";

export interface IdentityProvider extends LoopbackServer {
  /** What a service of tokens is configured with. */
  readonly configUrl: string;
  /** A token of the account `subject` for the client `audience`, valid so long. */
  token(subject: string, audience: string, seconds: number): string;
}

/** The least provider of OpenID Connect: one RSA key, published, and tokens signed with it. */
export async function identityProvider(): Promise<IdentityProvider> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] };
  let issuer = "";
  const server = await loopbackServer(({ path }) => {
    const documents = new Map<string, object>([
      ["/.well-known/openid-configuration", discovery(issuer)],
      ["/keys", keys],
    ]);
    const document = documents.get(path);
    if (document === undefined) return { status: 404, body: "" };
    return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(document) };
  });
  issuer = server.url;
  return {
    ...server,
    configUrl: `${issuer}/.well-known/openid-configuration`,
    token(subject, audience, seconds) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer, sub: subject, aud: audience, iat: now, exp: now + seconds };
      const text = `${encoded({ alg: "RS256", typ: "JWT", kid: "one" })}.${encoded(claims)}`;
      return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
  };
}

function discovery(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
