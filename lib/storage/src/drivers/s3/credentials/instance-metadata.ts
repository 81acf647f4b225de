import { backoffDelay, DataPlaneError, type Env } from "@flyte-dataplane/core";
import { StoreAnswer } from "../../../store-answer.ts";
import type { WireClient, WireOptions } from "../../../wire/exchange.ts";
import { type Answer, ask, refusalOf, withClient } from "./ask.ts";
import { parseDocument, refusalWord } from "./document.ts";
import { absent, type Found, found, type Source, type SourceDeps, unusable, variable } from "./source.ts";

/** Six hours, the longest there is; a refresh comes sooner and asks for its own. */
const tokenSeconds = 21_600;
const roles = "/latest/meta-data/iam/security-credentials/";

/**
 * Silence is answered three times: it is what tells a laptop from an instance whose service is busy, and the answer to
 * that question is final.
 */
const attempts = 3;
const pause = { baseMs: 100, maxMs: 1000 };

/**
 * The role of the EC2 instance, by the second version of its metadata service; the first, which answers anybody who can
 * make this machine send a GET, is never asked. AWS_EC2_METADATA_DISABLED turns it off, AWS_EC2_METADATA_SERVICE_ENDPOINT
 * and _ENDPOINT_MODE say where it is.
 */
export function instanceMetadataSource(deps: SourceDeps): Source {
  return {
    name: "instance metadata",
    load: async () => {
      if (deps.env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") {
        return absent("AWS_EC2_METADATA_DISABLED is set");
      }
      const base = serviceUrl(deps.env);
      // One hop away: no proxy stands in between.
      const options: WireOptions = { writes: deps.wire.writes, connectTimeoutMs: 1000, firstByteTimeoutMs: 2000 };
      return await withClient(deps, options, async (client) => await load(client, base, deps));
    },
  };
}

async function load(client: WireClient, base: URL, deps: SourceDeps): Promise<Found> {
  const token = await sessionToken(client, base, deps);
  if (typeof token !== "string") return absent(`no answer from ${base.host} (${token.message})`);
  const headers = { "x-aws-ec2-metadata-token": token };
  const list = await ask(client, new URL(roles, base), { method: "GET", headers });
  if (list.status === 404) return absent("the instance has no role");
  const role = list.text.split("\n")[0]?.trim() ?? "";
  if (list.status !== 200) throw refused(base, list, deps);
  if (role === "") return absent("the instance has no role");
  const url = new URL(`${roles}${encodeURIComponent(role)}`, base);
  const answer = await ask(client, url, { method: "GET", headers });
  if (answer.status !== 200) throw refused(base, answer, deps);
  const document = parseDocument(answer.text, base.host);
  if (document.kind === "refused") throw refusalOf(base, answer, document.word, deps);
  return found(document.credentials);
}

/** The token, or the error of a service that is not there. */
async function sessionToken(client: WireClient, base: URL, deps: SourceDeps): Promise<string | DataPlaneError> {
  const url = new URL("/latest/api/token", base);
  const headers = { "x-aws-ec2-metadata-token-ttl-seconds": tokenSeconds.toString() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await ask(client, url, { method: "PUT", headers, body: new Uint8Array() });
      if (answer.status !== 200) throw refused(base, answer, deps);
      // It goes into a header.
      if (!/^[\x21-\x7e]{1,4096}$/.test(answer.text)) throw unusable(`${base.host} answers what is no token`);
      return answer.text;
    } catch (error) {
      // A refusal came from somebody: `unavailable` then has the answer as its cause.
      const silent =
        error instanceof DataPlaneError && error.code === "unavailable" && !(error.cause instanceof StoreAnswer);
      if (!silent) throw error;
      if (attempt === attempts) return error;
    }
    await deps.clock.sleep(backoffDelay(pause, attempt, deps.random));
  }
}

function refused(base: URL, answer: Answer, deps: SourceDeps): DataPlaneError {
  return refusalOf(base, answer, refusalWord(answer.text), deps);
}

function serviceUrl(env: Env): URL {
  const given = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (given !== undefined) {
    if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given);
    throw unusable("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
  }
  const ipv6 = env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.toLowerCase() === "ipv6";
  return new URL(ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254");
}
