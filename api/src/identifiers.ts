/**
 * Identifiers as rows know them: project, domain and names, never an org, which is free text on the wire and no part of
 * any key. Requests pass through here once; behind it no identifier is missing or empty.
 */
import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  type ActionIdentifier,
  ActionIdentifierSchema,
  type ProjectIdentifier,
  type RunIdentifier,
  RunIdentifierSchema,
} from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type { TaskIdentifier } from "@flyte-dataplane/proto/flyteidl2/task/task_definition";

export interface ProjectKey {
  readonly project: string;
  readonly domain: string;
}

export interface RunKey extends ProjectKey {
  readonly runName: string;
}

export interface ActionKey extends RunKey {
  readonly name: string;
}

export interface TaskKey extends ProjectKey {
  readonly name: string;
  readonly version: string;
}

/** The name every root action has; a run is its root action. */
export const rootActionName = "a0";

const nameBytes = 63;
const taskNameBytes = 255;

export function invalid(message: string): DataPlaneError {
  return new DataPlaneError("invalid_argument", message, { origin: "user" });
}

export function projectKey(field: string, id: ProjectIdentifier | undefined): ProjectKey {
  if (id === undefined) throw invalid(`${field}: missing`);
  return { project: part(`${field}.name`, id.name), domain: part(`${field}.domain`, id.domain) };
}

export function runKey(field: string, id: RunIdentifier | undefined): RunKey {
  if (id === undefined) throw invalid(`${field}: missing`);
  return {
    project: part(`${field}.project`, id.project),
    domain: part(`${field}.domain`, id.domain),
    runName: part(`${field}.name`, id.name),
  };
}

export function actionKey(field: string, id: ActionIdentifier | undefined): ActionKey {
  if (id === undefined) throw invalid(`${field}: missing`);
  return { ...runKey(`${field}.run`, id.run), name: part(`${field}.name`, id.name) };
}

export function taskKey(field: string, id: TaskIdentifier | undefined): TaskKey {
  if (id === undefined) throw invalid(`${field}: missing`);
  return {
    project: part(`${field}.project`, id.project),
    domain: part(`${field}.domain`, id.domain),
    name: part(`${field}.name`, id.name, taskNameBytes),
    version: part(`${field}.version`, id.version),
  };
}

/** One segment of a key: it also becomes a segment of paths and of notification payloads, hence no slash. */
export function part(field: string, value: string, limit: number = nameBytes): string {
  if (value === "") throw invalid(`${field}: must not be empty`);
  if (Buffer.byteLength(value) > limit) throw invalid(`${field}: longer than ${limit} bytes`);
  if (!isPlain(value)) throw invalid(`${field}: holds a slash or a control character, or is a dot segment`);
  return value;
}

function isPlain(value: string): boolean {
  if (value === "." || value === "..") return false;
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    if (character === "/" || code < 0x20 || code === 0x7f) return false;
  }
  return true;
}

/** The wire form; the server puts no org into what it builds. */
function runIdentifier(key: RunKey): RunIdentifier {
  return create(RunIdentifierSchema, { project: key.project, domain: key.domain, name: key.runName });
}

export function actionIdentifier(key: ActionKey): ActionIdentifier {
  return create(ActionIdentifierSchema, { run: runIdentifier(key), name: key.name });
}

/** `project/domain/run/action`, as log fields and notification payloads carry it. */
export function actionPath(key: ActionKey): string {
  return `${runPath(key)}/${key.name}`;
}

export function runPath(key: RunKey): string {
  return `${key.project}/${key.domain}/${key.runName}`;
}
