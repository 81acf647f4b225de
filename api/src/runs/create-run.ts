/**
 * CreateRun, step by step: who and where, which task, which inputs, then one transaction that makes the run exist
 * together with the promise to enqueue it. The inputs are in the store before that transaction commits.
 */
import { createHash } from "node:crypto";
import { clone, create, toBinary } from "@bufbuild/protobuf";
import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import { RunIdentifierSchema } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import { InputsSchema } from "@flyte-dataplane/proto/flyteidl2/task/common";
import {
  type CreateRunRequest,
  CreateRunRequestSchema,
  type CreateRunResponse,
  CreateRunResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/workflow/run_service";
import { statement, type Transaction } from "@flyte-dataplane/runtime/database";
import { writeObject } from "@flyte-dataplane/storage";
import { promiseEnqueue } from "../deliveries/outbox.ts";
import { invalid, projectKey, type RunKey, runKey, runPath } from "../identifiers.ts";
import { callerOf } from "../identity/caller.ts";
import { checkProject } from "../projects/check-project.ts";
import { sqlTimeFromMs } from "../times.ts";
import { type ActionRow, keyValues, whereKey } from "./action-row.ts";
import { runOf } from "./action-view.ts";
import { insertActionRow, storeSpec } from "./insert-action.ts";
import { planRun, type RunPlan } from "./plan-run.ts";
import { readAction } from "./read-actions.ts";
import { resolveTask } from "./resolve-task.ts";
import { findRetried, rememberRequest, retryDigest } from "./retried-request.ts";
import { enqueueRequestOf, rootRow } from "./root-row.ts";
import { checkRunName, generateRunName } from "./run-name.ts";
import type { RunsDeps } from "./runs-deps.ts";

/** How often a drawn name may be taken before that cannot be chance. */
const draws = 5;

const selectDigest = statement<{ digest: Uint8Array | null }>(
  "api_request_digest",
  `SELECT request_digest AS digest FROM actions WHERE ${whereKey}`,
);

/**
 * Creates a run, or returns the one that an equal request with the same run name, or a retry of this one, created. Rejects with
 * `invalid_argument`, `not_found` for project or task, `failed_precondition` for an archived project,
 * `already_exists` for a name that another request used, `unavailable` or `internal` when store or database cannot
 * take it; nothing exists then.
 */
export async function createRun(
  deps: RunsDeps,
  request: CreateRunRequest,
  requestHeader: Headers,
): Promise<CreateRunResponse> {
  const where = placeOf(request.id);
  if (request.task.case === undefined) throw invalid("task: one of task_id, task_spec and trigger_name must be given");
  await checkProject(deps.projects, deps.config, where);
  const task = await resolveTask(deps.database, request.task);
  const caller = callerOf(deps.config, requestHeader);
  const digest = requestDigest(request);
  const traceparent = traceparentIn(requestHeader);
  const retry = where.runName === undefined ? retryDigest(requestHeader, caller, digest) : undefined;
  const earlier = await findRetried(deps.database, retry, deps.clock.now());
  if (earlier !== undefined) return create(CreateRunResponseSchema, { run: runOf(earlier) });
  for (let draw = 0; draw < draws; draw += 1) {
    const key: RunKey = { ...where, runName: where.runName ?? generateRunName() };
    const plan = planRun(deps, { request, key, task, caller, digest, traceparent });
    const row =
      where.runName === undefined
        ? await createDrawn(deps, plan, retry)
        : await deps.namedCreates.take(() => createNamed(deps, plan));
    if (row !== undefined) return create(CreateRunResponseSchema, { run: runOf(row) });
  }
  throw new DataPlaneError("internal", `create run in ${where.project}/${where.domain}: every name drawn is taken`);
}

/** Only what has the form of W3C's header: it is kept, and sent on. */
function traceparentIn(header: Headers): string | null {
  const value = header.get("traceparent") ?? "";
  return /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : null;
}

function placeOf(id: CreateRunRequest["id"]): Omit<RunKey, "runName"> & { readonly runName?: string } {
  switch (id.case) {
    case "runId": {
      const key = runKey("run_id", id.value);
      return { ...key, runName: checkRunName(key.runName) };
    }
    case "projectId":
      return projectKey("project_id", id.value);
    default:
      throw invalid("id: one of run_id and project_id must be given");
  }
}

/** Nobody else can mean this name: inputs first, so that the transaction is short. Undefined if the name is taken. */
async function createDrawn(
  deps: RunsDeps,
  plan: RunPlan,
  retry: Uint8Array | undefined,
): Promise<ActionRow | undefined> {
  try {
    await writeInputs(deps, plan, { ifAbsent: true });
  } catch (error) {
    if (error instanceof DataPlaneError && error.code === "already_exists") return undefined;
    throw error;
  }
  return deps.database.transaction(async (transaction) => {
    const now = deps.clock.now();
    const first = await rememberRequest(transaction, retry, plan.action, now);
    if (!first) return findRetried(transaction, retry, now);
    if (await insertRun(deps, transaction, plan)) return readAction(transaction, plan.action);
    // A row without inputs: whoever made it was not us, and what we remembered above must not point to it.
    throw new DataPlaneError("internal", `create run ${runPath(plan.action)}: the name that was drawn is taken`);
  });
}

/**
 * The row is inserted before the inputs are written and committed after: a second request for the name waits for the
 * first one's end and then finds its row, so it can never overwrite the first one's inputs. It holds a connection while
 * the store takes its time, hence only a few at once.
 */
async function createNamed(deps: RunsDeps, plan: RunPlan): Promise<ActionRow | undefined> {
  return deps.database.transaction(async (transaction) => {
    const inserted = await insertRun(deps, transaction, plan);
    if (inserted) await writeInputs(deps, plan, {});
    else await checkSameRequest(transaction, plan);
    return readAction(transaction, plan.action);
  });
}

async function insertRun(deps: RunsDeps, transaction: Transaction, plan: RunPlan): Promise<boolean> {
  const now = BigInt(deps.clock.now()) * 1000n;
  const specDigest = await storeSpec(transaction, plan.task.specBytes, now);
  if (!(await insertActionRow(transaction, rootRow(plan, specDigest, now)))) return false;
  const promise = { request: enqueueRequestOf(plan), traceparent: plan.traceparent };
  await promiseEnqueue(transaction, plan.action, promise, sqlTimeFromMs(deps.clock.now()));
  return true;
}

async function writeInputs(deps: RunsDeps, plan: RunPlan, options: { readonly ifAbsent?: boolean }): Promise<void> {
  if (plan.inputs.kind === "offloaded") return;
  try {
    await writeObject(deps.stores, plan.inputsUri, toBinary(InputsSchema, plan.inputs.inputs), options);
  } catch (error) {
    throw error instanceof DataPlaneError && tellable.has(error.code) ? error : storeFault(plan, error);
  }
}

/** What a caller can act on; any other answer of the store is a fault of the installation. */
const tellable: ReadonlySet<ErrorCode> = new Set([
  "already_exists",
  "canceled",
  "deadline_exceeded",
  "invalid_argument",
  "resource_exhausted",
  "unavailable",
  "unimplemented",
]);

function storeFault(plan: RunPlan, cause: unknown): DataPlaneError {
  const ref = plan.inputsUri;
  return new DataPlaneError(
    "internal",
    `create run ${runPath(plan.action)}: its inputs could not be stored in "${ref}"`,
    {
      ref,
      cause,
    },
  );
}

async function checkSameRequest(transaction: Transaction, plan: RunPlan): Promise<void> {
  const { rows } = await transaction.query(selectDigest, keyValues(plan.action));
  const stored = rows[0]?.digest ?? undefined;
  if (stored !== undefined && Buffer.compare(stored, plan.digest) === 0) return;
  throw new DataPlaneError(
    "already_exists",
    `run ${runPath(plan.action)}: a different request created it; choose another name`,
    {
      origin: "user",
      ref: runPath(plan.action),
    },
  );
}

/** Equal for requests that mean the same run; the org is free text and does not count. */
function requestDigest(request: CreateRunRequest): Uint8Array {
  const { id } = request;
  const plain = clone(CreateRunRequestSchema, request);
  if (id.case === "runId") {
    const { project, domain, name } = id.value;
    plain.id = { case: "runId", value: create(RunIdentifierSchema, { project, domain, name }) };
  }
  return createHash("sha256").update(toBinary(CreateRunRequestSchema, plain)).digest();
}
