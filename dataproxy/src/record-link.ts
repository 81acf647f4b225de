import type { Logger } from "@flyte-dataplane/core";
import type { Admitted } from "./gate.ts";

/**
 * One line per link: who may do what with which object until when. The link itself, which is all that it takes to use it,
 * is not in it.
 */
export function recordLink(
  logger: Logger,
  { access, requestHeader }: Admitted,
  object: string,
  expiresAtMs: number,
): void {
  const requestId = requestHeader.get("x-request-id");
  logger.info(
    { audit: true, ...access, object, expiresAt: new Date(expiresAtMs).toISOString(), ...(requestId && { requestId }) },
    "link signed",
  );
}
