import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Clock, DataPlaneError } from "@flyte-dataplane/core";
import {
  CreateProjectResponseSchema,
  GetProjectResponseSchema,
  ListProjectsResponseSchema,
  type Project,
  ProjectSchema,
  ProjectService,
  ProjectState,
  UpdateProjectResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import { LabelsSchema } from "@flyte-dataplane/proto/flyteidl2/task/run";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import type { ApiConfig } from "../config.ts";
import { invalid, part } from "../identifiers.ts";
import { sqlTimeFromMs } from "../times.ts";
import { listProjects } from "./list-projects.ts";
import type { ProjectRow, ProjectStore } from "./project-store.ts";

const longestDescription = 300;

export interface ProjectsDeps {
  readonly config: Pick<ApiConfig, "domains">;
  readonly projects: ProjectStore;
  readonly clock: Clock;
}

/** Projects are created, changed and archived (state 1), never deleted. */
export function projectService(deps: ProjectsDeps): RpcService {
  const { projects, clock } = deps;
  const view = (row: ProjectRow) => projectOf(row, deps.config);
  return rpc(ProjectService, {
    createProject: async ({ project }) => {
      const row = rowOf(project);
      if (await projects.insert(row, sqlTimeFromMs(clock.now()))) return create(CreateProjectResponseSchema);
      throw new DataPlaneError("already_exists", `project "${row.identifier}": already registered`, { origin: "user" });
    },
    updateProject: async ({ project }) => {
      const row = rowOf(project);
      if (await projects.replace(row, sqlTimeFromMs(clock.now()))) return create(UpdateProjectResponseSchema);
      throw absent(row.identifier);
    },
    getProject: async ({ id }) => {
      const row = await projects.find(part("id", id));
      if (row === undefined) throw absent(id);
      return create(GetProjectResponseSchema, { project: view(row) });
    },
    listProjects: async (request) => {
      const { rows, token } = await listProjects(await projects.ready(), request);
      return create(ListProjectsResponseSchema, { projects: { projects: rows.map(view), token } });
    },
  });
}

function absent(id: string): DataPlaneError {
  return new DataPlaneError("not_found", `project "${id}": not registered`, { origin: "user" });
}

function rowOf(project: Project | undefined): ProjectRow {
  if (project === undefined) throw invalid("project: missing");
  const identifier = part("project.id", project.id);
  // As PostgreSQL counts them: a letter beyond the basic plane is one.
  if (Array.from(project.description).length > longestDescription) {
    throw invalid(`project.description: longer than ${longestDescription} characters`);
  }
  if (ProjectState[project.state] === undefined) throw invalid(`project.state: ${project.state} is no state`);
  return {
    identifier,
    name: project.name === "" ? identifier : project.name,
    description: project.description,
    labels: project.labels === undefined ? null : toBinary(LabelsSchema, project.labels),
    state: project.state,
  };
}

function projectOf(row: ProjectRow, config: Pick<ApiConfig, "domains">): Project {
  return create(ProjectSchema, {
    id: row.identifier,
    name: row.name ?? "",
    description: row.description ?? "",
    domains: config.domains.map(({ id, name }) => ({ id, name })),
    state: row.state ?? ProjectState.ACTIVE,
    ...(row.labels === null ? {} : { labels: fromBinary(LabelsSchema, row.labels) }),
  });
}
