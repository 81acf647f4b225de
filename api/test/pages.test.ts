/** The pages as a browser or a script gets them, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, addTask, at, createRequest, domain, event, named, project } from "./messages.ts";
import { noLog, type PlayedData, playedData } from "./played-data.ts";

let api: Harness;
let played: PlayedData;
beforeAll(async () => {
  played = playedData();
  api = await startApi({ loops: false, http: true, pages: played.clients });
});
afterAll(() => api.close());

const runs = `/v2/domain/${domain}/project/${project}/runs`;

async function get(path: string, init: RequestInit = {}) {
  const answer = await fetch(api.baseUrl + path, { redirect: "manual", ...init });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** Tags with the names of their attributes: values and text left out. */
function structure(markup: string): readonly string[] {
  return [...markup.matchAll(/<[^<>]*>/g)].map(([tag]) => tag.replaceAll(/"[^"]*"/g, ""));
}

/** A run whose every text is `text`, with a failed child. */
async function runWith(run: string, text: string): Promise<void> {
  const over = { shortName: text, environment: { name: text } };
  const task = addTask({
    ...over,
    taskTemplate: { id: { project, domain, name: `demo.${text}`, version: text }, type: text },
  });
  await api.runs.createRun(
    createRequest({
      id: named(run),
      task: { case: "taskSpec", value: task },
      runSpec: { labels: { values: { team: text } } },
    }),
  );
  const spec = { case: "task" as const, value: { spec: task } };
  const child = { ...actionId(run), name: "c1" };
  await api.internal.recordAction({ actionId: child, parent: "a0", group: text, inputUri: "mem://i", spec });
  const errorInfo = { message: text, code: text, kind: 1 };
  const logInfo = [
    { name: text, uri: `https://logs.example/${text}` },
    { name: text, uri: "javascript:alert(1)" },
  ];
  const events = [event(run, ActionPhase.FAILED, { id: child, errorInfo, logInfo })];
  expect((await api.internal.recordActionEvents({ events })).status?.code).toBe(0);
  const status = { phase: ActionPhase.FAILED, attempts: 1, endTime: at(9_000) };
  await api.internal.updateActionStatus({ actionId: child, status });
}

describe("the page of a run", () => {
  beforeAll(async () => {
    await runWith("plain", "sum");
    played.data = {
      inputs: {
        literals: [
          {
            name: "sum",
            value: { value: { case: "scalar", value: { value: { case: "blob", value: { uri: "sum" } } } } },
          },
        ],
      },
    };
    played.log = async function* () {
      yield await Promise.resolve(["one\n", "two\n"]);
    };
  });

  test("shows the run, its actions in their groups, and the action asked for", async () => {
    const { status, text } = await get(`${runs}/plain?i=c1`);
    expect(status).toBe(200);
    expect(text).toContain("<title>Queued · sum · plain</title>");
    expect(text).toMatch(/<h1>sum <span class="id">plain<\/span><\/h1>/);
    expect(text).toContain('Group <b>sum</b> <span class="count">1 failed</span>');
    expect(text).toMatch(/<h2 id="action"[^>]*>sum <span class="id">c1<\/span><\/h2>/);
    expect(text).toContain("Error in the task: <code>sum</code>");
    expect(text).toMatch(/two\s*<\/span><\/li>/);
  });

  test("is the same structure whatever names, errors, labels and lines say", async () => {
    const hostile = `"><script>alert('x')</script><!-- & \u202e`;
    await runWith("hostile", hostile);
    const values = played.data;
    const log = played.log;
    const plain = await get(`${runs}/plain?i=c1`);
    played.data = {
      inputs: {
        literals: [
          {
            name: hostile,
            value: { value: { case: "scalar", value: { value: { case: "blob", value: { uri: hostile } } } } },
          },
        ],
      },
    };
    played.log = async function* () {
      yield await Promise.resolve([`${hostile}\n`, "\u001b]0;</ol>\u0007<img src=x>\n"]);
    };
    const page = await get(`${runs}/hostile?i=c1`);
    played.data = values;
    played.log = log;
    expect(structure(page.text)).toEqual(structure(plain.text));
    expect(page.text.match(/<script/g)).toHaveLength(1);
    expect(page.text).not.toContain("javascript:");
  });

  test("leads to files by links that are signed when they are followed, for the address the reader used", async () => {
    const { text } = await get(`${runs}/plain?i=c1`);
    const link = /href="([^"]*\/data[^"]*)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    const { status, headers } = await get(link);
    expect(status).toBe(303);
    expect(headers.get("location")).toBe(`${api.baseUrl}/signed/c1/input/sum`);
    expect((await get(`${runs}/plain/report?i=c1&attempt=1`)).headers.get("location")).toBe("http://store/report-1");
    expect((await get(`${runs}/plain/data?i=c1&attempt=1`)).status).toBe(400);
  });

  test("gives the whole log as text that no browser renders", async () => {
    const { status, headers, text } = await get(`${runs}/plain/log?i=c1&attempt=1`);
    expect({ status, text }).toEqual({ status: 200, text: "one\ntwo\n" });
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("of a run that nobody knows says so in words, with status 404", async () => {
    for (const path of [`${runs}/nobody`, `${runs}/plain?i=nobody`, `${runs}/nobody/live`]) {
      const { status, text, headers } = await get(path);
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(text).toContain("There is no run &quot;");
    }
  });

  test.each([
    ["a name that is too long", `${runs}/${"x".repeat(200)}`],
    ["a name with a slash", `${runs}/a%2Fb`],
    ["a name with a NUL", `${runs}/a%00b`],
    ["a dot segment", `${runs}/%2e%2e%2f`],
    ["an action with a line feed", `${runs}/plain?i=a%0ab`],
    ["an attempt that is no number", `${runs}/plain?attempt=1e9`],
    ["an attempt that never was", `${runs}/plain?i=c1&attempt=7`],
    ["a page of nothing", `${runs}/plain?page=0`],
    ["a filter of its own", `${runs}/plain?show=constructor`],
    ["a line below the first", `${runs}/plain?line=-1`],
    ["a broken percent sign", `${runs}/%zz`],
    ["a token of no list", `${runs}?token=zzz`],
  ])("refuses %s with status 400", async (_name, path) => {
    expect((await get(path)).status).toBe(400);
  });
});

describe("the lists of runs", () => {
  test("show what there is: everything at the root, a project's, a task's", async () => {
    await api.runs.createRun(createRequest({ id: named("listed") }));
    for (const path of ["/", runs, `/v2/domain/${domain}/project/${project}/tasks/demo.add`]) {
      expect((await get(path)).text).toContain(`<a href="${runs}/listed">listed</a>`);
    }
    expect((await get("/v2/domain/staging/project/none/runs")).text).toContain("There are no runs yet.");
  });

  test("go on to older runs by a link until there are none", async () => {
    await api.rows(
      `INSERT INTO actions (project, domain, run_name, name, created_at)
       SELECT 'paged', 'development', 'p' || n, 'a0', now() - n * interval '1 second' FROM generate_series(1, 120) AS n`,
    );
    const seen: string[] = [];
    let path: string | undefined = "/v2/domain/development/project/paged/runs";
    while (path !== undefined) {
      const { text } = await get(path);
      seen.push(...[...text.matchAll(/<th scope="row"><a href="[^"]*">([^<]*)<\/a>/g)].map(([, name]) => name ?? ""));
      path = /rel="next" href="([^"]*)"/.exec(text)?.[1];
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => `p${index + 1}`));
  });
});

describe("every answer", () => {
  test("forbids scripts, frames and guesses of others", async () => {
    for (const path of ["/", runs, `${runs}/plain`, `${runs}/nobody`, `${runs}/plain?page=0`, "/v2/nothing"]) {
      const { headers } = await get(path);
      expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("to HEAD is that to GET without its body", async () => {
    for (const path of ["/", `${runs}/plain`, `${runs}/nobody`, "/pages/page.css"]) {
      const head = await get(path, { method: "HEAD" });
      expect({ path, status: head.status, text: head.text }).toEqual({
        path,
        status: (await get(path)).status,
        text: "",
      });
    }
  });

  test("for a file that the browser has is a line", async () => {
    const first = await get("/pages/live.js");
    expect(first.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    const again = await get("/pages/live.js", { headers: { "if-none-match": first.headers.get("etag") ?? "" } });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: "" });
  });

  test("to a link of a kind that has no page says so", async () => {
    const { status, text } = await get(`/v2/domain/${domain}/project/${project}/apps/mine`);
    expect(status).toBe(404);
    expect(text).toContain("what this link leads to has none");
  });
});

test("an API without clients for the pages has none", async () => {
  const bare = await startApi({ loops: false, http: true, url: api.url });
  const answer = await fetch(`${bare.baseUrl}${runs}/plain`);
  expect({ status: answer.status, type: answer.headers.get("content-type") }).toEqual({
    status: 404,
    type: "text/plain",
  });
  await answer.text();
  await bare.close();
});

describe("what is large", () => {
  beforeAll(async () => {
    played.data = {};
    await api.runs.createRun(createRequest({ id: named("large") }));
    await api.rows(
      `INSERT INTO actions (project, domain, run_name, name, parent_action_name, action_group, phase, created_at)
       SELECT $1, $2, 'large', 'c' || n, 'a0', 'map', CASE WHEN n % 1000 = 0 THEN 6 ELSE 5 END, now() + n * interval '1 ms'
       FROM generate_series(1, 10000) AS n`,
      [project, domain],
    );
  });

  test("is shown in pages: of 10,001 actions 200 at a time, with the counts of all", async () => {
    played.log = noLog;
    const { text } = await get(`${runs}/large`);
    expect(text.match(/id="node-/g)).toHaveLength(200);
    expect(text).toContain("9,990 succeeded, 10 failed");
    expect(text).toContain("Actions 1 to 200 of 10,001");
    expect(text.length).toBeLessThan(200_000);
    const last = await get(`${runs}/large?page=99999`);
    expect(last.text).toContain("Actions 10,001 to 10,001 of 10,001");
    expect(last.text).toContain('id="node-a0"');
    const failed = await get(`${runs}/large?show=failed`);
    expect([...failed.text.matchAll(/id="node-(c\d+)"/g)].map(([, name]) => name)).toEqual(
      Array.from({ length: 10 }, (_, index) => `c${(index + 1) * 1000}`),
    );
  });

  test("is shown in parts: of a million lines the last 500, and any 500 before", async () => {
    const begun = event("large", ActionPhase.RUNNING, { logContext: { primaryPodName: "p" } });
    await api.internal.recordActionEvents({ events: [begun, event("large", ActionPhase.SUCCEEDED)] });
    played.log = async function* () {
      for (let batch = 0; batch < 1_000; batch += 1) {
        yield await Promise.resolve(Array.from({ length: 1_000 }, (_, line) => `line ${batch * 1_000 + line + 1}\n`));
      }
    };
    const tail = await get(`${runs}/large`);
    expect(tail.text.match(/<li value="\d+"><span class="text">/g)).toHaveLength(500);
    expect(tail.text).toContain("Lines 999,501 to 1,000,000 of 1,000,000");
    expect(tail.text).toContain("line=999001#log");
    const part = await get(`${runs}/large?line=3`);
    expect(part.text).toContain("Lines 3 to 502 of 1,000 or more");
    expect(part.text).toContain("line=503#log");
  });
});
