import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { Filter_Function, type ListRequestSchema, Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import { ProjectService } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { ActionPhase, actionId, addTask, createRequest, domain, named, project, projectId, runId } from "./messages.ts";

type List = MessageInitShape<typeof ListRequestSchema>;

const { EQUAL, EXISTS, VALUE_IN } = Filter_Function;
const other = { project: "second", domain: "staging" };

let api: Harness;
beforeAll(async () => {
  api = await startApi({ loops: false });
  await api.client(ProjectService).createProject({ project: { id: "second" } });
  const caller = { headers: { "X-Amzn-Oidc-Identity": "s-1" } };
  await api.runs.createRun(
    createRequest({ id: named("labelled"), runSpec: { labels: { values: { team: "a" } } } }),
    caller,
  );
  await api.runs.createRun(createRequest({ id: named("plain") }));
  for (const over of [{ project: "second" }, { domain: "staging" }, other]) {
    await api.runs.createRun(createRequest({ id: { case: "runId", value: runId("plain", over) } }));
  }
  const spec = { case: "task" as const, value: { spec: addTask() } };
  const child = (name: string, parent: string) =>
    api.internal.recordAction({ actionId: actionId("labelled", name), parent, group: "g", inputUri: "mem://i", spec });
  await child("c1", "a0");
  await child("c2", "c1");
  const condition = {
    case: "condition" as const,
    value: { name: "demo.approve", type: { type: { case: "simple" as const, value: 4 } } },
  };
  await api.internal.recordAction({
    actionId: actionId("labelled", "c3"),
    parent: "a0",
    inputUri: "mem://i",
    spec: condition,
  });
});
afterAll(() => api.close());

async function runsOf(request: List, place = projectId) {
  const answer = await api.runs.listRuns({ request, scopeBy: { case: "projectId", value: place } });
  return answer.runs.map(({ action }) => action?.id?.run?.name);
}

async function actionsOf(request: List) {
  const { actions } = await api.runs.listActions({ request, runId: runId("labelled") });
  return actions.map(({ id }) => id?.name);
}

const filter = (field: string, fn: Filter_Function, ...values: string[]): List => ({
  filters: [{ field, function: fn, values }],
});

describe("ListRuns", () => {
  test("lists roots only, apart by project and by domain [runs 57]", async () => {
    expect((await runsOf({})).map(String).sort()).toEqual(["labelled", "plain"]);
    for (const [name, place] of [
      ["second", domain],
      [project, "staging"],
      ["second", "staging"],
    ] as const) {
      expect(await runsOf({}, { name, domain: place })).toEqual(["plain"]);
    }
    expect(await runsOf({}, { name: "second", domain: "production" })).toEqual([]);
  });

  test("gives labels back", async () => {
    const { runs } = await api.runs.listRuns({ scopeBy: { case: "projectId", value: projectId } });
    expect(runs.find(({ action }) => action?.id?.run?.name === "labelled")?.labels).toEqual({ team: "a" });
  });

  test("walks 1 234 runs by tokens, each once, by default fifty at a time [runs 58]", async () => {
    await api.database.query({
      text: `INSERT INTO actions (project, domain, run_name, name, created_at)
        SELECT 'walk', 'development', 'r' || n, 'a0', now() - (n / 3) * interval '1 second' FROM generate_series(1, 1234) AS n`,
    });
    const names: (string | undefined)[] = [];
    let token = "";
    let pages = 0;
    do {
      const value = { name: "walk", domain };
      const page = await api.runs.listRuns({ request: { token }, scopeBy: { case: "projectId", value } });
      if (page.token !== "") expect(page.runs).toHaveLength(50);
      names.push(...page.runs.map(({ action }) => action?.id?.run?.name));
      token = page.token;
      pages += 1;
    } while (token !== "");
    expect(pages).toBe(25);
    expect(names).toHaveLength(1_234);
    expect(new Set(names).size).toBe(1_234);
  });

  test.each(["ASCENDING", "DESCENDING"] as const)(
    "sorted by created_at %s is stable where times are equal [runs 61]",
    async (way) => {
      await api.database.query({
        text: `INSERT INTO actions (project, domain, run_name, name, created_at)
        SELECT 'ties', 'development', 'r' || n, 'a0', '2026-01-01T00:00:00Z'::timestamptz + (n / 10) * interval '1 second'
        FROM generate_series(10, 59) AS n ON CONFLICT DO NOTHING`,
      });
      const sortByFields = [{ key: "created_at", direction: Sort_Direction[way] }];
      const walk = async (limit: number) => {
        const names: (string | undefined)[] = [];
        let token = "";
        do {
          const scopeBy = { case: "projectId" as const, value: { name: "ties", domain } };
          const page = await api.runs.listRuns({ request: { limit, token, sortByFields }, scopeBy });
          names.push(...page.runs.map(({ action }) => action?.id?.run?.name));
          token = page.token;
        } while (token !== "");
        return names;
      };
      const tens = [1, 2, 3, 4, 5];
      const expected = (way === "ASCENDING" ? tens : [5, 4, 3, 2, 1]).flatMap((ten) =>
        Array.from({ length: 10 }, (_, one) => `r${ten}${one}`),
      );
      expect(await walk(7)).toEqual(expected);
      expect(await walk(1_000)).toEqual(expected);
    },
  );

  test("a walk over nullable columns loses nobody", async () => {
    await api.database.query({
      text: `INSERT INTO actions (project, domain, run_name, name, ended_at)
        SELECT 'nulls', 'development', 'r' || n, 'a0', CASE WHEN n % 2 = 0 THEN now() + n * interval '1 second' END
        FROM generate_series(1, 20) AS n`,
    });
    for (const direction of [Sort_Direction.ASCENDING, Sort_Direction.DESCENDING]) {
      const names: (string | undefined)[] = [];
      let token = "";
      do {
        const request = { limit: 3, token, sortBy: { key: "ended_at", direction } };
        const scopeBy = { case: "projectId" as const, value: { name: "nulls", domain } };
        const page = await api.runs.listRuns({ request, scopeBy });
        names.push(...page.runs.map(({ action }) => action?.id?.run?.name));
        token = page.token;
      } while (token !== "");
      expect(new Set(names).size).toBe(20);
      expect(names).toHaveLength(20);
    }
  });

  test("paused_actions_only shows a run exactly while one of its actions is paused [runs 62]", async () => {
    const paused = async () => {
      const scopeBy = { case: "projectId" as const, value: projectId };
      const { runs } = await api.runs.listRuns({ scopeBy, pausedActionsOnly: true });
      return runs.map(({ action }) => action?.id?.run?.name);
    };
    const move = (phase: ActionPhase) =>
      api.internal.updateActionStatus({ actionId: actionId("labelled", "c3"), status: { phase } });
    expect(await paused()).toEqual([]);
    await move(ActionPhase.PAUSED);
    expect(await paused()).toEqual(["labelled"]);
    await move(ActionPhase.RUNNING);
    expect(await paused()).toEqual([]);
  });

  test("a token of one list is refused by another and when changed; decimal tokens are offsets [runs 142]", async () => {
    const scopeBy = { case: "projectId" as const, value: projectId };
    const { token } = await api.runs.listRuns({ request: { limit: 1 }, scopeBy });
    expect(token).not.toBe("");
    const sortBy = { key: "updated_at", direction: Sort_Direction.ASCENDING };
    expect(await codeOf(api.runs.listRuns({ request: { limit: 1, token, sortBy }, scopeBy }))).toBe(
      Code.InvalidArgument,
    );
    expect(await codeOf(runsOf({ limit: 1, token, ...filter("phase", EQUAL, "1") }))).toBe(Code.InvalidArgument);
    const cells = JSON.parse(Buffer.from(token, "base64url").toString()) as string[];
    const changed = JSON.stringify(cells.map((cell) => (cell === "plain" || cell === "labelled" ? "zzz" : cell)));
    expect(changed).toContain("zzz");
    const forged = Buffer.from(changed).toString("base64url");
    expect(await codeOf(runsOf({ limit: 1, token: forged }))).toBe(Code.InvalidArgument);
    const all = await runsOf({});
    expect(await runsOf({ token: "1" })).toEqual(all.slice(1));
  });

  test("a limit of a thousand is served", async () => {
    expect(await runsOf({ limit: 1_000 }, { name: "walk", domain })).toHaveLength(1_000);
  });
});

describe("filters", () => {
  const bad: readonly (readonly [string, List])[] = [
    ["a token of no list", { token: "!" }],
    ["a negative token", { token: "-1" }],
    ["a token of JSON", { token: Buffer.from("[1]").toString("base64url") }],
    ["an unknown filter field", filter("colour", EQUAL, "red")],
    ["a field of injected SQL", filter("phase = 1 OR 1", EQUAL, "1")],
    ["an unknown sort field", { sortBy: { key: "colour" } }],
    ["a filter without values", filter("phase", EQUAL)],
    ["a value list without values", filter("phase", VALUE_IN)],
  ];

  test.each(bad)("%s is an invalid argument [runs 59]", async (_name, request) => {
    expect(await codeOf(runsOf(request))).toBe(Code.InvalidArgument);
    expect(await codeOf(actionsOf(request))).toBe(Code.InvalidArgument);
  });

  const functions = Object.entries(Filter_Function).filter(([, value]) => typeof value === "number");

  test.each(functions)("%s on text, number and time gives rows or an invalid argument [runs 60]", async (name, fn) => {
    const values = { task_name: "demo.add", phase: "1", created_at: "2026-01-01T00:00:00Z" };
    for (const [field, value] of Object.entries(values)) {
      for (const given of [[value], [value, value], ["%"], ["x'"], []]) {
        const code = await codeOf(runsOf(filter(field, Number(fn), ...given)));
        expect([name, field, given, [undefined, Code.InvalidArgument].includes(code)]).toEqual([
          name,
          field,
          given,
          true,
        ]);
      }
    }
  });

  test("VALUE_IN works with one value and with several [runs 60]", async () => {
    expect(await runsOf(filter("run_name", VALUE_IN, "plain"))).toEqual(["plain"]);
    expect((await runsOf(filter("phase", VALUE_IN, "1", "4"))).length).toBe(2);
  });

  test("wildcards in a value stand for themselves", async () => {
    expect(await runsOf(filter("run_name", Filter_Function.CONTAINS, "%"))).toEqual([]);
    expect(await runsOf(filter("run_name", Filter_Function.CONTAINS, "abel"))).toEqual(["labelled"]);
    expect(await runsOf(filter("run_name", Filter_Function.CONTAINS_CASE_INSENSITIVE, "ABEL"))).toEqual(["labelled"]);
    expect(await runsOf(filter("run_name", Filter_Function.NOT_ENDS_WITH, "led"))).toEqual(["plain"]);
  });

  test("a phase sent as the two digits of ten is an invalid argument", async () => {
    expect(await codeOf(runsOf(filter("phase", EQUAL, "1", "0")))).toBe(Code.InvalidArgument);
  });

  test("created_by, parent_name and labels are found as the SDK asks for them [runs 64]", async () => {
    expect(await runsOf(filter("created_by", EQUAL, "s-1"))).toEqual(["labelled"]);
    expect(await runsOf(filter("labels.team", EQUAL, "a"))).toEqual(["labelled"]);
    expect(await runsOf(filter("labels.team", EQUAL, "b"))).toEqual([]);
    expect(await runsOf(filter("labels.team", EXISTS))).toEqual(["labelled"]);
    expect(await actionsOf(filter("parent_name", EQUAL, "c1"))).toEqual(["c2"]);
    expect(await actionsOf(filter("labels.team", EQUAL, "a"))).toHaveLength(4);
    expect(await actionsOf(filter("action_type", EQUAL, "3"))).toEqual(["c3"]);
  });
});

describe("ListActions", () => {
  test("gives every action with its type, spec, names, group and parent [runs 63]", async () => {
    const request = { sortBy: { key: "created_at", direction: Sort_Direction.ASCENDING } };
    const { actions } = await api.runs.listActions({ request, runId: runId("labelled") });
    expect(actions.map(({ id }) => id?.name)).toEqual(["a0", "c1", "c2", "c3"]);
    expect(actions.map(({ metadata }) => metadata)).toMatchObject([
      { actionType: 1, parent: "", spec: { case: "task", value: { shortName: "add", taskType: "raw-container" } } },
      { actionType: 1, parent: "a0", group: "g", funtionName: "demo.add", environmentName: "demo" },
      { actionType: 1, parent: "c1", group: "g" },
      { actionType: 3, parent: "a0", spec: { case: "condition", value: { name: "demo.approve" } } },
    ]);
    const condition = actions[3]?.metadata?.spec;
    expect(condition?.case === "condition" && condition.value.type?.type).toEqual({ case: "simple", value: 4 });
  });
});
