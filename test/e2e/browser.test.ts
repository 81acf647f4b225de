/** What a web page can do to a laptop's server, tried in a real browser. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { RunService } from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyHome, type Run, runMain } from "./server-process.ts";

const browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);

/** Creates a run in each way a page has: a form's types need no preflight, JSON does. The answers end up in the page. */
const attack = (target: string): string => `<!doctype html><title>attack</title><body>waiting<script>
const body = JSON.stringify({
  projectId: { organization: "x", name: "flytesnacks", domain: "development" },
  taskSpec: { taskTemplate: { id: { project: "flytesnacks", domain: "development", name: "attack", version: "1" }, type: "raw-container", container: { image: "x", command: ["true"] } } },
});
const tries = [
  ["text/plain", "no-cors"], ["application/x-www-form-urlencoded", "no-cors"], ["application/json", "cors"], ["application/proto", "cors"],
];
Promise.all(tries.map(async ([type, mode]) => {
  try {
    const answer = await fetch(${JSON.stringify(target)} + "/flyteidl2.workflow.RunService/CreateRun", { method: "POST", mode, headers: { "content-type": type }, body });
    return type + " " + answer.type + " " + answer.status + " " + (await answer.text()).slice(0, 80);
  } catch (error) { return type + " " + error.name; }
})).then((lines) => { document.body.textContent = lines.join("|"); });
</script>`;

describe.skipIf(browser === undefined)("a page from elsewhere, in Chromium (needs Debian's chromium)", () => {
  let home: Awaited<ReturnType<typeof emptyHome>>;
  let run: Run;
  let url: string;
  let port: number;
  let friend: Server;
  let stranger: Server;
  beforeAll(async () => {
    home = await emptyHome();
    friend = await servePage(() => attack(url));
    stranger = await servePage(({ host }) => attack(host === "rebound" ? `http://rebound.example:${port}` : url));
    const environment = { HOME: home.path, TMPDIR: home.path, FLYTE_DATAPLANE_SERVER_ORIGINS: addressOf(friend) };
    run = runMain(["serve", "--port", "0", "--data-dir", join(home.path, "data"), "--log-level", "warn"], environment);
    const match = await run.printed(/ready on (http:\/\/localhost:(\d+))/);
    url = match[1] ?? "";
    port = Number(match[2]);
  });
  afterAll(async () => {
    run.child.kill("SIGTERM");
    await run.ended;
    friend.close();
    stranger.close();
    await home.remove();
  });

  const open = async (address: string, ...flags: string[]): Promise<string> => {
    const profile = join(home.path, `profile-${Math.random().toString(36).slice(2)}`);
    const quiet = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ];
    const { stdout } = await promisify(execFile)(
      browser ?? "",
      [...quiet, `--user-data-dir=${profile}`, "--virtual-time-budget=8000", ...flags, "--dump-dom", address],
      { timeout: 60_000, env: { ...process.env, HOME: home.path } },
    );
    return stdout;
  };
  const runCount = async (): Promise<number> => {
    const runs = createClient(
      RunService,
      createConnectTransport({ baseUrl: url, httpVersion: "1.1", useBinaryFormat: true }),
    );
    const scopeBy = {
      case: "projectId" as const,
      value: { organization: "", name: "flytesnacks", domain: "development" },
    };
    return (await runs.listRuns({ scopeBy, request: { limit: 10 } })).runs.length;
  };

  test("can start nothing, preflighted or not, while a page on the list can", async () => {
    const dom = await open(addressOf(stranger));
    expect(dom).toContain("text/plain opaque 0");
    expect(dom).toContain("application/json TypeError");
    expect(await runCount()).toBe(0);
    // The same page from an origin on the list: the attack itself is sound.
    expect(await open(addressOf(friend))).toContain("application/json cors 200");
    expect(await runCount()).toBe(1);
  });

  test("can start nothing under a name that was pointed at the loopback address afterwards", async () => {
    const before = await runCount();
    const rebound = "--host-resolver-rules=MAP rebound.example 127.0.0.1";
    const page = await open(`http://rebound.example:${port}/healthz`, rebound);
    expect(page).not.toContain("OK");
    expect(await open(`${addressOf(stranger)}/?rebound`, rebound)).not.toMatch(/application\/(json|proto) cors/);
    expect(await runCount()).toBe(before);
  });
});

async function servePage(html: (page: { readonly host: string }) => string): Promise<Server> {
  const server = createServer((request, response) =>
    response
      .setHeader("content-type", "text/html")
      .end(html({ host: request.url?.includes("rebound") === true ? "rebound" : "" })),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
