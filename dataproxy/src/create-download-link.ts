import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { DataPlaneError, parseStorageUri } from "@flyte-dataplane/core";
import {
  ArtifactType,
  type CreateDownloadLinkRequest,
  type CreateDownloadLinkResponse,
  CreateDownloadLinkResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import type { ActionDetails } from "@flyte-dataplane/proto/flyteidl2/workflow/run_definition";
import type { SignedRequest } from "@flyte-dataplane/storage";
import { assertAllowed } from "./allowed-uris.ts";
import { findAction } from "./attempts.ts";
import { codeBundleUri } from "./code-bundle.ts";
import { linkLife } from "./expiry.ts";
import type { Admitted } from "./gate.ts";
import { linkEndpoint } from "./link-endpoint.ts";
import type { DataproxyParts } from "./options.ts";
import { recordLink } from "./record-link.ts";
import { absent, invalid } from "./refusal.ts";

const operation = "create download link";

/** Signs a GET for the report of an attempt, or for the code that it ran. */
export async function createDownloadLink(
  options: DataproxyParts,
  request: CreateDownloadLinkRequest,
  caller: Admitted,
): Promise<CreateDownloadLinkResponse> {
  const { artifactType, source } = request;
  if (artifactType !== ArtifactType.REPORT && artifactType !== ArtifactType.CODE_BUNDLE)
    throw invalid(
      operation,
      `artifact type ${ArtifactType[artifactType] ?? artifactType} has no links; ask for REPORT or CODE_BUNDLE`,
    );
  if (source.case !== "actionAttemptId")
    throw invalid(operation, "give action_attempt_id; links are to what an attempt made or ran");
  const life = linkLife(operation, request.expiresIn, options.config.download.maxExpiresIn);
  const { attempt, details } = await findAction(options, operation, source.value, caller.signal);
  const uri = artifactType === ArtifactType.REPORT ? attempt.outputs?.reportUri : codeOf(details);
  if (uri === undefined || uri === "") {
    const what = artifactType === ArtifactType.REPORT ? "recorded no report" : "ran no code bundle";
    throw absent(operation, `attempt ${attempt.attempt} of "${details.id?.name ?? ""}" ${what}`);
  }
  const signed = await signExisting(options, operation, uri, life, caller);
  return create(CreateDownloadLinkResponseSchema, {
    preSignedUrls: { signedUrl: [signed.url], expiresAt: timestampFromMs(signed.expiresAt) },
  });
}

function codeOf({ spec }: ActionDetails): string | undefined {
  const template = spec.case === "task" ? spec.value.taskTemplate : undefined;
  return template === undefined ? undefined : codeBundleUri(template);
}

/** A link to an object that is there, below an allowed prefix. Rejects with `not_found` or `permission_denied` otherwise. */
export async function signExisting(
  options: DataproxyParts,
  what: string,
  uri: string,
  lifeMs: number,
  caller: Admitted,
): Promise<SignedRequest> {
  const { signal, requestHeader } = caller;
  assertAllowed(options, what, uri);
  const location = parseStorageUri(uri);
  const bucket = await options.stores.bucket(location);
  const found = await bucket.find(location.key, { signal }).catch((error: unknown) => {
    throw new DataPlaneError("internal", `${what} ${uri}: the store could not say whether it is there`, {
      cause: error,
      ref: uri,
    });
  });
  if (found === undefined) throw absent(what, `nothing lies at ${uri} any more`);
  const name = location.key.slice(location.key.lastIndexOf("/") + 1);
  options.figures.signed(location.scheme, "get");
  const signed = await bucket.signGet(location.key, {
    expiresAt: options.clock.now() + lifeMs,
    downloadName: name,
    ...linkEndpoint(options, location.scheme, requestHeader),
    signal,
  });
  recordLink(options.logger, caller, uri, signed.expiresAt);
  return signed;
}
