import { DataPlaneError } from "@flyte-dataplane/core";
import type { S3Credentials } from "./credentials.ts";
import { type Found, type Source, unusable } from "./source.ts";

/**
 * Asks `sources` in their order until one has credentials, and from then on only that one: if it fails later, nobody else
 * steps in. The returned function rejects with `unauthenticated` where none has any, saying of each why, or with the
 * error of the source that is set up and out of order.
 */
export function inOrder(sources: readonly Source[]): () => Promise<S3Credentials> {
  let settled: Source | undefined;
  return async () => {
    const silent: string[] = [];
    for (const source of settled === undefined ? sources : [settled]) {
      const answer = await load(source);
      if (answer.kind === "found") {
        settled = source;
        return answer.credentials;
      }
      silent.push(`${source.name}: ${shortened(answer.why)}`);
    }
    throw unusable(`find S3 credentials: ${silent.join("; ")}`);
  };
}

async function load(source: Source): Promise<Found> {
  try {
    return await source.load();
  } catch (error) {
    if (!(error instanceof DataPlaneError)) throw error;
    throw new DataPlaneError(error.code, `find S3 credentials: ${source.name}: ${shortened(error.message)}`, {
      // The answer of a store or service stays where retries look for its wait.
      cause: error.cause ?? error,
    });
  }
}

/** Paths and names come from outside; a message has room for a few of them. */
function shortened(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 299)}…`;
}
