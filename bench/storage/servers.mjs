// @ts-check
// The servers of the storage benchmark: nginx gives objects, the sink takes uploads. Both end with us.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";

/**
 * @typedef {object} Identity
 * @property {string} certificate path of a PEM, self-signed for 127.0.0.1: it is its own authority
 * @property {string} key path of a PEM
 */

/**
 * @typedef {object} Server
 * @property {string} endpoint
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} folder
 * @returns {Identity} needs openssl
 */
export function makeIdentity(folder) {
  const identity = { certificate: path.join(folder, "certificate.pem"), key: path.join(folder, "key.pem") };
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", identity.key, "-out", identity.certificate];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...files], { stdio: "ignore" });
  return identity;
}

/**
 * Serves the folders below `www` as buckets of objects, over http and TLS. Those of `/checked/` are those of `/bench/`, with
 * the checksum that S3 would tell. Of `/reports/`, where nothing ever lies, everything may be removed.
 * @param {{ program: string, folder: string, www: string, identity: Identity, crc32c: string }} options
 * @returns {Promise<{ http: Server, https: Server }>}
 */
export async function startNginx({ program, folder, www, identity, crc32c }) {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const prefix = path.join(folder, "nginx");
  mkdirSync(prefix);
  const locations = `
    root ${www};
    location /reports/ { return 204; }
    location /checked/ { alias ${www}/bench/; add_header x-amz-checksum-crc32c "${crc32c}"; }`;
  writeFileSync(
    path.join(prefix, "nginx.conf"),
    `daemon off; master_process off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events { worker_connections 256; }
http {
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000; etag on; default_type application/octet-stream;
  output_buffers 2 512k;
  client_body_temp_path ${prefix}/a; proxy_temp_path ${prefix}/b; fastcgi_temp_path ${prefix}/c;
  uwsgi_temp_path ${prefix}/d; scgi_temp_path ${prefix}/e;
  server { listen 127.0.0.1:${port}; ${locations}
  }
  server { listen 127.0.0.1:${tlsPort} ssl; ssl_certificate ${identity.certificate}; ssl_certificate_key ${identity.key};
    ${locations}
  }
}
`,
  );
  const child = spawn(program, ["-p", prefix, "-c", path.join(prefix, "nginx.conf"), "-e", `${prefix}/error.log`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = stopper(child);
  await untilListening(port, child);
  return {
    http: { endpoint: `http://127.0.0.1:${port}`, stop },
    https: { endpoint: `https://127.0.0.1:${tlsPort}`, stop },
  };
}

/**
 * @param {string} program
 * @param {Identity} [identity] serves TLS with it
 * @returns {Promise<Server>}
 */
export async function startSink(program, identity) {
  const args = identity === undefined ? [] : ["-certificate", identity.certificate, "-key", identity.key];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const scheme = identity === undefined ? "http" : "https";
  return { endpoint: `${scheme}://127.0.0.1:${String(line).trim()}`, stop: stopper(child) };
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {() => Promise<void>} safe to call twice
 */
function stopper(child) {
  const exited = once(child, "exit");
  const end = () => child.kill("SIGTERM");
  process.once("exit", end);
  return async () => {
    process.removeListener("exit", end);
    end();
    await exited;
  };
}

/** @returns {Promise<number>} a port of the loopback that nobody listens on at this moment */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/**
 * @param {number} port
 * @param {import("node:child_process").ChildProcess} child
 */
async function untilListening(port, child) {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(" ")} ended with status ${child.exitCode}`);
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
