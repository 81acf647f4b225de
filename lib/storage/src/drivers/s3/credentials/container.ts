import { isIPv4 } from "node:net";
import type { Env } from "@flyte-dataplane/core";
import { ask, refusalOf, withClient } from "./ask.ts";
import { parseDocument, refusalWord } from "./document.ts";
import { readSecretFile } from "./secret-file.ts";
import { absent, found, type Source, type SourceDeps, unusable, variable } from "./source.ts";

/** Of the agent on an ECS host. */
const ecsAgent = "http://169.254.170.2";
/** Where plain http is safe besides the loopback interface: the agents of ECS and EKS. */
const agents: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);

/**
 * The agent beside the container, as ECS and EKS Pod Identity run it: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI,
 * with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read at each call) or AWS_CONTAINER_AUTHORIZATION_TOKEN.
 */
export function containerSource(deps: SourceDeps): Source {
  return {
    name: "container",
    load: async () => {
      const url = agentUrl(deps.env);
      if (url === undefined) return absent("AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
      const authorization = await tokenOf(deps.env);
      const headers = { accept: "application/json", ...(authorization !== undefined && { authorization }) };
      // Beside us: no proxy stands in between.
      const options = { writes: deps.wire.writes, connectTimeoutMs: 1000, firstByteTimeoutMs: 5000 } as const;
      const local = { ...options, ...(deps.wire.ca !== undefined && { ca: deps.wire.ca }) };
      const answer = await withClient(
        deps,
        local,
        async (client) => await ask(client, url, { method: "GET", headers }),
      );
      if (answer.status !== 200) throw refusalOf(url, answer, refusalWord(answer.text), deps);
      const document = parseDocument(answer.text, url.host);
      if (document.kind === "refused") throw refusalOf(url, answer, document.word, deps);
      return found(document.credentials);
    },
  };
}

function agentUrl(env: Env): URL | undefined {
  const relative = variable(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (relative !== undefined) {
    // Without its slash the text would lengthen the host's name.
    if (!relative.startsWith("/") || !URL.canParse(`${ecsAgent}${relative}`)) {
      throw unusable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
    }
    return new URL(`${ecsAgent}${relative}`);
  }
  const full = variable(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full === undefined) return undefined;
  if (!URL.canParse(full)) throw unusable("AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL");
  const url = new URL(full);
  if (url.protocol === "https:" || (url.protocol === "http:" && isBesideUs(url.hostname))) return url;
  throw unusable("AWS_CONTAINER_CREDENTIALS_FULL_URI names neither https nor an address of this machine");
}

function isBesideUs(hostname: string): boolean {
  if (agents.has(hostname) || hostname === "localhost" || hostname === "[::1]") return true;
  return isIPv4(hostname) && hostname.startsWith("127.");
}

async function tokenOf(env: Env): Promise<string | undefined> {
  const file = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (file !== undefined) return await readSecretFile(file);
  const token = variable(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (token !== undefined && /[\r\n\0]/.test(token)) {
    throw unusable("AWS_CONTAINER_AUTHORIZATION_TOKEN has more than one line");
  }
  return token;
}
