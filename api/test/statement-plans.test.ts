/** Every fixed statement of the package over tables large enough that a missing index would show in its plan. */
import { dynamicStatement } from "@flyte-dataplane/runtime/database";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Harness } from "./harness.ts";

const texts = vi.hoisted(() => new Map<string, string>());

// The statements stay what they are; each is noted as its module declares it.
vi.mock("@flyte-dataplane/runtime/database", async (load) => {
  const original = await load<typeof import("@flyte-dataplane/runtime/database")>();
  return {
    ...original,
    statement: (name: string, text: string) => {
      texts.set(name, text);
      return original.statement(name, text);
    },
  };
});

let api: Harness;
beforeAll(async () => {
  await import("../src/api.ts");
  const { startApi } = await import("./harness.ts");
  api = await startApi({ loops: false });
  await api.database.query({
    text: `
      insert into projects (identifier, name) select 'p' || n, 'P' from generate_series(1, 5000) n;
      insert into actions (project, domain, run_name, name, parent_action_name, phase, created_at, abort_requested_at)
        select 'p' || run % 20, 'development', 'r' || run, case when a = 0 then 'a0' else 'c' || a end,
          case when a > 0 then 'a0' end, 5, now() - run * interval '1 second', case when run % 1000 = 0 then now() end
        from generate_series(1, 2000) run, generate_series(0, 4) a;
      insert into action_events (project, domain, run_name, name, attempt, phase, version)
        select 'p' || run % 20, 'development', 'r' || run, 'a0', 1, phase, 0
        from generate_series(1, 2000) run, generate_series(1, 5) phase;
      insert into task_specs (digest, spec) select md5(n::text), '\\x' from generate_series(1, 5000) n;
      insert into tasks (project, domain, name, version)
        select 'p' || n % 20, 'development', 't' || n, 'v' || v from generate_series(1, 2000) n, generate_series(1, 4) v;
      insert into action_outbox (project, domain, run_name, name, request, next_attempt_at, created_at)
        select 'p' || n % 20, 'development', 'r' || n, 'a0', '\\x', now() + n * interval '1 second', now() from generate_series(1, 5000) n;
      insert into create_requests (digest, project, domain, run_name, created_at)
        select decode(md5(n::text), 'hex'), 'p', 'd', 'r' || n, now() - n * interval '1 second' from generate_series(1, 5000) n`,
  });
  await api.database.query({ text: "analyze" });
});
afterAll(() => api.close());

interface Node {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Plans?: readonly Node[];
}

function scanned(node: Node): readonly string[] {
  const own = node["Node Type"] === "Seq Scan" ? [node["Relation Name"] ?? "?"] : [];
  return [...own, ...(node.Plans ?? []).flatMap(scanned)];
}

/** Asks for no row at all. */
const harmless: ReadonlySet<string> = new Set(["api_ping"]);

/** Where the plan hangs on how many rows are wanted, PostgreSQL plans for the values given, and so does the test. */
const values: Readonly<Record<string, string>> = { api_outbox_claim: "now(), now(), 20" };

async function planOf(name: string, text: string): Promise<Node> {
  const given = values[name];
  const [row] = await api.database.transaction(async (transaction) => {
    if (given !== undefined) await transaction.query(dynamicStatement(`prepare planned as ${text}`));
    const what =
      given === undefined ? `(generic_plan, format json) ${text}` : `(format json) execute planned (${given})`;
    return (await transaction.query(dynamicStatement<{ "QUERY PLAN": readonly { Plan: Node }[] }>(`explain ${what}`)))
      .rows;
  });
  const plan = row?.["QUERY PLAN"][0]?.Plan;
  if (plan === undefined) throw new Error(`${name} has no plan`);
  return plan;
}

test("no fixed statement reads a whole table", async () => {
  expect(texts.size).toBeGreaterThan(30);
  const whole: string[] = [];
  for (const [name, text] of texts) {
    if (!harmless.has(name))
      whole.push(...scanned(await planOf(name, text)).map((table) => `${name} reads all of ${table}`));
  }
  expect(whole).toEqual([]);
});

test("a statement that lacks its index is seen", async () => {
  expect(scanned(await planOf("", "select from actions where function_name = $1"))).toEqual(["actions"]);
});
