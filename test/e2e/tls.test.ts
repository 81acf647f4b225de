/** `flyte-dataplane serve` with a certificate: who calls it, what it tells its tasks, and what keeps it from starting. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { ClusterService } from "@flyte-dataplane/proto/flyteidl2/cluster/service";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { emptyHome, type Run, runMain } from "./server-process.ts";

type Home = Awaited<ReturnType<typeof emptyHome>>;

/** A certificate for localhost that vouches for itself, whose subject is `name`. */
function makeIdentity(home: Home, name: string): { readonly certFile: string; readonly keyFile: string } {
  const files = { certFile: join(home.path, `${name}.pem`), keyFile: join(home.path, `${name}-key.pem`) };
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30".split(" ");
  const about = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", [...made, ...about, "-keyout", files.keyFile, "-out", files.certFile], { stdio: "ignore" });
  return files;
}

const settings = (files: { readonly certFile?: string; readonly keyFile?: string }): Record<string, string> => ({
  ...(files.certFile !== undefined && { FLYTE_DATAPLANE_SERVER_TLS_CERT_FILE: files.certFile }),
  ...(files.keyFile !== undefined && { FLYTE_DATAPLANE_SERVER_TLS_KEY_FILE: files.keyFile }),
});

describe("a server with a certificate", () => {
  let home: Home;
  let data: string;
  let run: Run;
  let url: string;
  let files: { readonly certFile: string; readonly keyFile: string };
  beforeAll(async () => {
    home = await emptyHome();
    data = join(home.path, "data");
    files = makeIdentity(home, "first");
    run = runMain(["serve", "--port", "0", "--data-dir", data, "--log-level", "info"], {
      HOME: home.path,
      TMPDIR: home.path,
      ...settings(files),
    });
    [, url = ""] = await run.printed(/is ready on (https:\/\/localhost:\d+)\n(?:.*\n)*? {2}stop {3}/);
  });
  afterAll(async () => {
    run.child.kill("SIGTERM");
    await run.ended;
    await home.remove();
  });

  test("answers Connect over HTTP/1.1 and gRPC over HTTP/2 on one port", async () => {
    const nodeOptions = { ca: readFileSync(files.certFile) };
    for (const transport of [
      createConnectTransport({ baseUrl: url, httpVersion: "1.1", nodeOptions }),
      createConnectTransport({ baseUrl: url, httpVersion: "2", nodeOptions }),
      createGrpcTransport({ baseUrl: url, nodeOptions }),
    ]) {
      const { projects } = await createClient(ProjectService, transport).listProjects({});
      expect(projects?.projects.map(({ id }) => id)).toContain("flytesnacks");
      const { clusterEndpoint } = await createClient(ClusterService, transport).selectCluster({});
      expect(clusterEndpoint).toBe(url);
    }
  });

  test("tells people of it, and answers its own commands though nobody vouches for the certificate", async () => {
    expect(run.stdout()).toContain(`--endpoint ${new URL(url).host} --project`);
    const status = runMain(["status", "--data-dir", data], { HOME: home.path });
    expect(await status.ended, status.stdout()).toBe(0);
    expect(status.stdout()).toContain(`answers on ${url}, data in ${data}: ready`);
    const doctor = runMain(["doctor", "--json", "--port", "0", "--data-dir", data], {
      HOME: home.path,
      TMPDIR: home.path,
      ...settings(files),
    });
    expect(await doctor.ended, doctor.stdout()).toBe(0);
    const { findings } = JSON.parse(doctor.stdout()) as { findings: { check: string; state: string; told: string }[] };
    expect(findings).toContainEqual({
      check: "server/tls",
      state: "ok",
      told: expect.stringMatching(/^the certificate is good until \d{4}-/) as string,
    });
    expect(findings.find(({ check }) => check === "store/link")?.state).toBe("ok");
  });

  test("answers in the clear at the address that its tasks are given, which only this machine reaches", async () => {
    const lock = JSON.parse(readFileSync(join(data, "lock"), "utf8")) as { readonly localUrl: string };
    expect(lock.localUrl).toMatch(/^http:\/\/localhost:\d+$/);
    const transport = createConnectTransport({ baseUrl: lock.localUrl, httpVersion: "1.1" });
    const { clusterEndpoint } = await createClient(ClusterService, transport).selectCluster({});
    expect(clusterEndpoint).toBe(lock.localUrl);
  });

  test("shows a renewed certificate to the next caller without a restart", async () => {
    const second = makeIdentity(home, "second");
    expect(await subjectAt(url)).toBe("first");
    writeFileSync(files.keyFile, readFileSync(second.keyFile));
    writeFileSync(files.certFile, readFileSync(second.certFile));
    // It looks every ten seconds; how soon is not what is held here.
    await expect.poll(() => subjectAt(url), { timeout: 60_000, interval: 500 }).toBe("second");
  });
});

async function subjectAt(url: string): Promise<string> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const open: TLSSocket = connect(
      { host: "localhost", port: Number(new URL(url).port), rejectUnauthorized: false },
      () => resolve(open),
    );
    open.once("error", reject);
  });
  const subject = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(subject);
}

describe("a server that was to have a certificate", () => {
  let home: Home;
  beforeEach(async () => {
    home = await emptyHome();
  });
  afterEach(() => home.remove());

  const cases = [
    {
      name: "without its key",
      spoil: ({ certFile }: { certFile: string }) => ({ certFile }),
      line: /server\.tls\.certFile is set without server\.tls\.keyFile; set both/,
    },
    {
      name: "whose key is missing",
      spoil: ({ certFile }: { certFile: string }) => ({ certFile, keyFile: "/nowhere/key.pem" }),
      line: /read server\.tls\.keyFile \/nowhere\/key\.pem: ENOENT/,
    },
    {
      name: "that is none",
      spoil: ({ keyFile }: { keyFile: string }) => ({ certFile: keyFile, keyFile }),
      line: /read server\.tls\.certFile \S+first-key\.pem: /,
    },
    {
      name: "with a key that is none",
      spoil: ({ certFile }: { certFile: string }) => ({ certFile, keyFile: certFile }),
      line: /read server\.tls\.keyFile \S+first\.pem for \S+first\.pem: /,
    },
  ];
  test.each(cases)("is told of one $name by the setting's name, before anything is made", async ({ spoil, line }) => {
    const run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "silent"], {
      HOME: home.path,
      TMPDIR: home.path,
      ...settings(spoil(makeIdentity(home, "first"))),
    });
    expect(await run.ended, run.stderr()).toBe(2);
    expect(run.stderr()).toMatch(/^flyte-dataplane: [^\n]+\n$/);
    expect(run.stderr()).toMatch(line);
    expect(run.stdout()).toBe("");
  });

  test("is told of one with the key of another", async () => {
    const [{ certFile }, { keyFile }] = [makeIdentity(home, "first"), makeIdentity(home, "second")];
    const run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "silent"], {
      HOME: home.path,
      TMPDIR: home.path,
      ...settings({ certFile, keyFile }),
    });
    expect(await run.ended, run.stderr()).toBe(2);
    expect(run.stderr()).toMatch(/read server\.tls\.keyFile \S+second-key\.pem for \S+first\.pem: .*mismatch/);
  });
});
