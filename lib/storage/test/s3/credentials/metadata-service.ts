import { type LoopbackServer, loopbackServer, type Told } from "./loopback-server.ts";

export interface MetadataService {
  /** Of the instance; empty for none. */
  role: string;
  /** What the service says of the role. */
  document: object;
  /** In place of every answer. */
  instead: Told | undefined;
}

/** The metadata service of an EC2 instance that insists on its second version. */
export async function metadataService(state: MetadataService): Promise<LoopbackServer> {
  const tokens = new Set<string>();
  return await loopbackServer(({ method, path, headers }) => {
    if (state.instead !== undefined) return state.instead;
    // Somebody forwards what a stranger asked.
    if (headers["x-forwarded-for"] !== undefined) return { status: 403, body: "" };
    if (path === "/latest/api/token") {
      const seconds = Number(headers["x-aws-ec2-metadata-token-ttl-seconds"]);
      if (method !== "PUT") return { status: 405, body: "" };
      if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= 21_600)) return { status: 400, body: "" };
      const token = `token-${tokens.size}==`;
      tokens.add(token);
      return { status: 200, body: token, headers: { "x-aws-ec2-metadata-token-ttl-seconds": `${seconds}` } };
    }
    const token = headers["x-aws-ec2-metadata-token"];
    if (method !== "GET" || typeof token !== "string" || !tokens.has(token)) return { status: 401, body: "" };
    const folder = "/latest/meta-data/iam/security-credentials/";
    if (state.role === "") return { status: 404, body: "<?xml version='1.0'?><html>404</html>" };
    if (path === folder) return { status: 200, body: state.role };
    if (path === `${folder}${state.role}`) return { status: 200, body: JSON.stringify(state.document) };
    return { status: 404, body: "" };
  });
}
