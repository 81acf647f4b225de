/** What a call wants of somebody's data, read off its message before anything is looked at. */
import type { ActionIdentifier } from "@flyte-dataplane/proto/flyteidl2/common/identifier";
import type {
  CreateDownloadLinkRequest,
  UploadInputsRequest,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";

export type Verb = "upload" | "write_inputs" | "download" | "read_data" | "read_logs";

export interface Access {
  /** Who calls, as the server's identity has it; empty where nobody was asked, and for calls within the process. */
  readonly subject: string;
  readonly verb: Verb;
  /** Whose data. Empty where the message names none; such a call is refused as invalid later. */
  readonly org: string;
  readonly project: string;
  readonly domain: string;
  /** `run/action`; absent for what belongs to no action yet. */
  readonly action?: string;
}

/** Whether that may be: rejects with `permission_denied` if not. */
export type Authorize = (access: Access) => Promise<void> | void;

/** An access by nobody in particular. */
export type Wanted = Omit<Access, "subject">;

export function ofPlace(
  verb: Verb,
  { org, project, domain }: { readonly org: string; readonly project: string; readonly domain: string },
): Wanted {
  return { verb, org, project, domain };
}

export function ofAction(verb: Verb, id: ActionIdentifier | undefined): Wanted {
  const { org = "", project = "", domain = "", name: run = "" } = id?.run ?? {};
  return { verb, org, project, domain, action: `${run}/${id?.name ?? ""}` };
}

export function ofSource({ source }: CreateDownloadLinkRequest): Wanted {
  return ofAction("download", source.case === "actionAttemptId" ? source.value.actionId : undefined);
}

export function ofInputs({ id }: UploadInputsRequest): Wanted {
  if (id.case === "projectId")
    return { verb: "write_inputs", org: id.value.organization, project: id.value.name, domain: id.value.domain };
  const { org = "", project = "", domain = "" } = id.value ?? {};
  return { verb: "write_inputs", org, project, domain };
}
