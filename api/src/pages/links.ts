/** Links that somebody signs when they are followed, so that a page never shows one that has expired. */
import { DataPlaneError } from "@flyte-dataplane/core";
import { ArtifactType } from "@flyte-dataplane/proto/flyteidl2/dataproxy/dataproxy_service";
import { actionIdentifier, invalid } from "../identifiers.ts";
import type { AttemptKey } from "./page-request.ts";
import type { PagesDeps } from "./pages-deps.ts";

interface LinkCall {
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** To the file behind the input or output that `query` names. */
export async function dataLink(
  { downloads }: Pick<PagesDeps, "downloads">,
  { action, attempt }: AttemptKey,
  query: URLSearchParams,
  call: LinkCall,
): Promise<string> {
  const input = query.get("input");
  const output = query.get("output");
  if ((input === null) === (output === null)) throw invalid("input, output: one of them has to name a variable");
  const { signedUrl, headers } = await downloads.createDataLink(
    {
      actionAttemptId: { actionId: actionIdentifier(action), attempt },
      variable: input === null ? { case: "output", value: output ?? "" } : { case: "input", value: input },
    },
    call,
  );
  // A browser that follows a link sends what it likes.
  if (Object.keys(headers).length > 0) {
    throw new DataPlaneError("unimplemented", "This store's links need headers that a browser does not send.");
  }
  return signedUrl;
}

/** To the attempt's report. */
export async function reportLink(
  { data }: Pick<PagesDeps, "data">,
  { action, attempt }: AttemptKey,
  call: LinkCall,
): Promise<string> {
  const { preSignedUrls } = await data.createDownloadLink(
    {
      artifactType: ArtifactType.REPORT,
      source: { case: "actionAttemptId", value: { actionId: actionIdentifier(action), attempt } },
    },
    call,
  );
  const [url] = preSignedUrls?.signedUrl ?? [];
  if (url === undefined) throw new DataPlaneError("not_found", "The attempt has no report.");
  return url;
}
