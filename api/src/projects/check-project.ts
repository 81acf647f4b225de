import { DataPlaneError } from "@flyte-dataplane/core";
import { ProjectState } from "@flyte-dataplane/proto/flyteidl2/project/project_service";
import type { ApiConfig } from "../config.ts";
import { invalid, type ProjectKey } from "../identifiers.ts";
import type { ProjectStore } from "./project-store.ts";

const archived: ReadonlySet<number> = new Set([ProjectState.ARCHIVED, ProjectState.SYSTEM_ARCHIVED]);

/** `invalid_argument` for an unknown domain, `not_found` for an unknown project, `failed_precondition` for an archived one. */
export async function checkProject(
  projects: ProjectStore,
  config: Pick<ApiConfig, "checkDomains" | "domains">,
  key: ProjectKey,
): Promise<void> {
  if (config.checkDomains && !config.domains.some((domain) => domain.id === key.domain)) {
    throw invalid(
      `domain "${key.domain}": not configured; it is one of ${config.domains.map(({ id }) => id).join(", ")}`,
    );
  }
  const project = await projects.find(key.project);
  if (project === undefined) {
    throw new DataPlaneError("not_found", `project "${key.project}": not registered`, { origin: "user" });
  }
  if (project.state !== null && archived.has(project.state)) {
    throw new DataPlaneError("failed_precondition", `project "${key.project}": archived; activate it first`, {
      origin: "user",
    });
  }
}
