import { type Asked, type LoopbackServer, loopbackServer, type Told } from "./loopback-server.ts";

export interface TokenService {
  /** The web identity that is accepted now. */
  token: string;
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
  /** In place of every answer. */
  instead: Told | undefined;
}

/** AWS's token service, for AssumeRoleWithWebIdentity: unsigned, a form in, XML out. */
export async function tokenService(state: TokenService): Promise<LoopbackServer> {
  let given = 0;
  return await loopbackServer((asked) => {
    if (state.instead !== undefined) return state.instead;
    const fault = faultOf(asked, state.token);
    if (fault !== undefined) return refusal(400, fault);
    given += 1;
    const expiration = new Date(state.expiresAt).toISOString().replace(/\.\d+/, "");
    return {
      status: 200,
      headers: { "content-type": "text/xml" },
      body: `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>system:serviceaccount:flyte:default</SubjectFromWebIdentityToken>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>
    <Credentials>
      <SessionToken>session+${given}/&amp;=</SessionToken>
      <SecretAccessKey>secret-${given}</SecretAccessKey>
      <Expiration>${expiration}</Expiration>
      <AccessKeyId>ASIA${given}</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`,
    };
  });
}

/** An answer in the service's own form. */
export function refusal(status: number, code: string, message = "no"): Told {
  const type = status < 500 ? "Sender" : "Receiver";
  return {
    status,
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
  };
}

function faultOf({ method, path, headers, body }: Asked, token: string): string | undefined {
  if (method !== "POST" || path !== "/") return "InvalidAction";
  if (headers["content-type"]?.startsWith("application/x-www-form-urlencoded") !== true) return "MalformedInput";
  const form = new URLSearchParams(body);
  if (form.get("Action") !== "AssumeRoleWithWebIdentity" || form.get("Version") !== "2011-06-15")
    return "InvalidAction";
  if (!/^arn:aws(-cn|-us-gov)?:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(form.get("RoleArn") ?? ""))
    return "ValidationError";
  if (!/^[\w+=,.@-]{2,64}$/.test(form.get("RoleSessionName") ?? "")) return "ValidationError";
  // A signature would be that of somebody who has credentials already.
  if (headers.authorization !== undefined) return "InvalidClientTokenId";
  return form.get("WebIdentityToken") === token ? undefined : "InvalidIdentityToken";
}
