import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { AuthMetadataService } from "@flyte-dataplane/proto/flyteidl2/auth/auth_service";
import { IdentityService } from "@flyte-dataplane/proto/flyteidl2/auth/identity";
import { Filter_Function, Sort_Direction } from "@flyte-dataplane/proto/flyteidl2/common/list";
import {
  type ProjectSchema,
  ProjectService,
  ProjectState,
} from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { TaskService } from "@flyte-dataplane/proto/flyteidl2/task/task_service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf } from "./codes.ts";
import { type Harness, startApi } from "./harness.ts";
import { addTask, createRequest, domain, project, projectId } from "./messages.ts";

let api: Harness;
beforeAll(async () => {
  api = await startApi({
    loops: false,
    config: { identityHeaders: { claimsJwtHeader: "X-Claims", subjectHeader: "X-Subject", emailHeader: "X-Email" } },
  });
});
afterAll(() => api.close());

describe("projects", () => {
  const client = () => api.client(ProjectService);
  const create = (over: MessageInitShape<typeof ProjectSchema>) => client().createProject({ project: over });
  const update = (over: MessageInitShape<typeof ProjectSchema>) => client().updateProject({ project: over });
  const list = async (filters = "") => {
    const { projects } = await client().listProjects({ filters });
    return projects?.projects.map(({ id }) => id);
  };

  test("the seed project is there with its domains from the first call", async () => {
    const { project: seed } = await client().getProject({ id: project });
    expect(seed?.domains.map(({ id }) => id).sort()).toEqual(["development", "production", "staging"]);
    expect(await codeOf(client().getProject({ id: "nobody" }))).toBe(Code.NotFound);
  });

  test("twice is already there, updating none is not found, bad ones are invalid arguments [runs 110]", async () => {
    await create({ id: "once" });
    expect(await codeOf(create({ id: "once" }))).toBe(Code.AlreadyExists);
    expect(await codeOf(update({ id: "missing" }))).toBe(Code.NotFound);
    expect(await codeOf(create({ id: "" }))).toBe(Code.InvalidArgument);
    expect(await codeOf(create({ id: "wordy", description: "x".repeat(301) }))).toBe(Code.InvalidArgument);
    expect(await codeOf(create({ id: "wordy", description: "ä".repeat(300) }))).toBeUndefined();
    expect(await codeOf(create({ id: "smiling", description: "😀".repeat(300) }))).toBeUndefined();
  });

  test("archived ones are hidden unless asked for; every filter works and nonsense is refused [runs 111]", async () => {
    await create({ id: "old", name: "Old one", state: ProjectState.ARCHIVED });
    expect(await list()).not.toContain("old");
    expect(await list("eq(state,1)")).toEqual(["old"]);
    expect(await list("eq(state, 1)")).toEqual(["old"]);
    expect(await list("contains(name,ld on)")).toEqual(["old"]);
    expect(await list("value_in(identifier,old;flytesnacks)")).toEqual(["flytesnacks", "old"]);
    expect(await list("ne(state,0)+eq(identifier,old)")).toEqual(["old"]);
    for (const garbage of [
      "state=1",
      "eq(state)",
      "eq(state,1",
      "eq(colour,1)",
      "like(name,x)",
      "eq(state,one)",
      "+",
      "eq(state,1)+",
    ]) {
      expect([garbage, await codeOf(list(garbage))]).toEqual([garbage, Code.InvalidArgument]);
    }
  });

  test("an update replaces labels entirely [runs 112]", async () => {
    await create({ id: "labels", labels: { values: { a: "1", b: "2" } } });
    await update({ id: "labels", labels: { values: { c: "3" } } });
    const { project: changed } = await client().getProject({ id: "labels" });
    expect(changed?.labels?.values).toEqual({ c: "3" });
  });

  test("an archived project takes no runs", async () => {
    await create({ id: "shut", state: ProjectState.ARCHIVED });
    const id = { case: "projectId" as const, value: { name: "shut", domain } };
    expect(await codeOf(api.runs.createRun(createRequest({ id })))).toBe(Code.FailedPrecondition);
  });

  test("are listed page by page", async () => {
    const names: (string | undefined)[] = [];
    let token = "";
    do {
      const { projects } = await client().listProjects({ limit: 2, token });
      names.push(...(projects?.projects ?? []).map(({ id }) => id));
      token = projects?.token ?? "";
    } while (token !== "");
    expect(names).toEqual(await list());
  });
});

describe("tasks", () => {
  const client = () => api.client(TaskService);
  const id = (name: string, version = "v1") => ({ project, domain, name, version });
  const deploy = (name: string, version = "v1", over: Parameters<typeof addTask>[0] = {}) =>
    client().deployTask({ taskId: id(name, version), spec: addTask(over) });

  test("a deployed spec comes back, and deploying it again keeps its time [runs 87]", async () => {
    await deploy("demo.twice");
    const first = (await client().getTaskDetails({ taskId: id("demo.twice") })).details;
    await deploy("demo.twice");
    const second = (await client().getTaskDetails({ taskId: id("demo.twice") })).details;
    expect(first?.spec).toEqual(addTask());
    expect(second).toEqual(first);
    expect(await codeOf(client().getTaskDetails({ taskId: id("demo.nobody") }))).toBe(Code.NotFound);
  });

  test("another spec under the same version is refused, and triggers are not dropped in silence", async () => {
    await deploy("demo.fixed");
    expect(await codeOf(deploy("demo.fixed", "v1", { shortName: "other" }))).toBe(Code.AlreadyExists);
    const triggers = [{ name: "nightly", spec: { active: true } }];
    const call = client().deployTask({ taskId: id("demo.fired"), spec: addTask(), triggers });
    expect(await codeOf(call)).toBe(Code.Unimplemented);
    expect(await codeOf(client().getTaskDetails({ taskId: id("demo.fired") }))).toBe(Code.NotFound);
  });

  test("descriptions are cut at 255 and 2 048 bytes between characters [runs 88]", async () => {
    const documentation = { shortDescription: `a${"ä".repeat(200)}`, longDescription: `b${"ß".repeat(1_500)}` };
    const environment = { name: "demo", description: `c${"é".repeat(200)}` };
    await deploy("demo.wordy", "v1", { documentation, environment });
    const { details } = await client().getTaskDetails({ taskId: id("demo.wordy") });
    expect(details?.spec?.documentation?.shortDescription).toBe(`a${"ä".repeat(127)}`);
    expect(details?.metadata?.shortDescription).toBe(`a${"ä".repeat(127)}`);
    expect(details?.spec?.documentation?.longDescription).toBe(`b${"ß".repeat(1_023)}`);
    expect(details?.spec?.environment?.description).toBe(`c${"é".repeat(127)}`);
  });

  describe("in lists", () => {
    const place = { name: "listing", domain };
    const listed = (name: string, version: string) => ({ project: "listing", domain, name, version });
    beforeAll(async () => {
      await api.client(ProjectService).createProject({ project: { id: "listing" } });
      for (const [name, version] of [
        ["b", "v1"],
        ["a", "v1"],
        ["a", "v2"],
        ["c", "v1"],
        ["a", "v3"],
      ] as const) {
        await client().deployTask({ taskId: listed(name, version), spec: addTask({ shortName: name }) });
        // The clock's milliseconds alone would not order what is deployed within one of them.
        await api.rows("UPDATE tasks SET created_at = now() WHERE project = 'listing' AND name = $1 AND version = $2", [
          name,
          version,
        ]);
      }
    });
    const list = (request: Parameters<ReturnType<typeof client>["listTasks"]>[0]["request"] = {}) =>
      client().listTasks({ ...(request ? { request } : {}), scopeBy: { case: "projectId", value: place } });

    test("there is one entry per name, the newest version, with totals on every page [runs 91]", async () => {
      const all = await list();
      expect(all.tasks.map(({ taskId }) => [taskId?.name, taskId?.version])).toEqual([
        ["a", "v3"],
        ["c", "v1"],
        ["b", "v1"],
      ]);
      expect(all.metadata).toMatchObject({ total: 3, filteredTotal: 3 });
      const filters = [{ field: "name", function: Filter_Function.VALUE_IN, values: ["a", "b"] }];
      expect((await list({ filters })).metadata).toMatchObject({ total: 3, filteredTotal: 2 });
      const past = await list({ filters, token: "10" });
      expect([past.tasks.length, past.metadata?.total, past.metadata?.filteredTotal]).toEqual([0, 3, 2]);
      const second = [{ field: "version", function: Filter_Function.EQUAL, values: ["v2"] }];
      expect((await list({ filters: second })).tasks.map(({ taskId }) => taskId?.version)).toEqual(["v2"]);
      const first = await list({ limit: 2 });
      const rest = await list({ limit: 2, token: first.token });
      expect([...first.tasks, ...rest.tasks].map(({ taskId }) => taskId?.name)).toEqual(["a", "c", "b"]);
    });

    test("versions come newest first, page by page, and by filter [runs 93]", async () => {
      const taskName = { project: "listing", domain, name: "a" };
      const versions = async (request: Parameters<ReturnType<typeof client>["listVersions"]>[0]["request"] = {}) => {
        const answer = await client().listVersions({ ...(request ? { request } : {}), taskName });
        return { names: answer.versions.map(({ version }) => version), token: answer.token };
      };
      expect((await versions()).names).toEqual(["v3", "v2", "v1"]);
      const sortBy = { key: "version", direction: Sort_Direction.ASCENDING };
      const first = await versions({ limit: 2, sortBy });
      expect([first.names, (await versions({ limit: 2, sortBy, token: first.token })).names]).toEqual([
        ["v1", "v2"],
        ["v3"],
      ]);
      const filters = [{ field: "version", function: Filter_Function.EQUAL, values: ["v2"] }];
      expect((await versions({ filters })).names).toEqual(["v2"]);
    });

    test("a limit of a thousand is served [runs 94]", async () => {
      await api.rows(
        `INSERT INTO tasks (project, domain, name, version, task_spec)
         SELECT 'many', 'development', 'task' || n, 'v1', ''::bytea FROM generate_series(1, 1100) AS n`,
      );
      const scopeBy = { case: "projectId" as const, value: { name: "many", domain } };
      const { tasks, token } = await client().listTasks({ request: { limit: 1_000 }, scopeBy });
      expect([tasks.length, token !== ""]).toEqual([1_000, true]);
    });
  });
});

describe("identity", () => {
  test("of a nameless caller is the one that the configuration gives", async () => {
    const laptop = await startApi({ loops: false, config: { anonymousSubject: "ada" } });
    try {
      expect(await laptop.client(IdentityService).userInfo({})).toMatchObject({ subject: "ada", name: "ada" });
    } finally {
      await laptop.close();
    }
  });

  const token = (claims: object, encoding: BufferEncoding = "base64url") =>
    `h.${Buffer.from(JSON.stringify(claims)).toString(encoding)}.s`;
  const ask = (headers: Record<string, string> = {}) => api.client(IdentityService).userInfo({}, { headers });

  test("comes from the claims header, then the subject header, then a bearer token, padded or not [runs 116]", async () => {
    const claims = token({ sub: "claims", email: "c@example.org", given_name: "Given", family_name: "Family" });
    const bearer = { authorization: `bearer ${token({ sub: "bearer1" }, "base64")}` };
    const subject = { "X-Subject": "subject", "X-Email": "s@example.org" };
    expect(await ask({ ...bearer, ...subject, "X-Claims": claims })).toMatchObject({
      subject: "claims",
      name: "Given Family",
      email: "c@example.org",
    });
    expect(await ask({ ...bearer, ...subject })).toMatchObject({ subject: "subject", email: "s@example.org" });
    expect(await ask(bearer)).toMatchObject({ subject: "bearer1" });
    expect(token({ sub: "bearer1" }, "base64")).toContain("=");
    expect(await ask({ authorization: `Bearer ${token({ sub: "bearer22" })}` })).toMatchObject({ subject: "bearer22" });
  });

  test("of nobody is unauthenticated [runs 117]", async () => {
    for (const headers of [
      {},
      { authorization: "Bearer x.y" },
      { authorization: "Basic x" },
      { "X-Claims": "a.b.c" },
    ]) {
      expect(await codeOf(ask(headers))).toBe(Code.Unauthenticated);
    }
  });

  test("public clients are told the header for their token", async () => {
    const answer = await api.client(AuthMetadataService).getPublicClientConfig({});
    expect(answer.authorizationMetadataKey).toBe("authorization");
  });
});

test("runs of a project are listed through its scope only", async () => {
  expect((await api.runs.listRuns({ scopeBy: { case: "projectId", value: projectId } })).runs).toEqual([]);
});
