import type { Env } from "@flyte-dataplane/core";
import { absent, found, type Source, variable } from "./source.ts";

/** AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary ones, AWS_SESSION_TOKEN. */
export function environmentSource(env: Env): Source {
  return {
    name: "environment",
    load: async () => {
      const accessKeyId = variable(env, "AWS_ACCESS_KEY_ID");
      const secretAccessKey = variable(env, "AWS_SECRET_ACCESS_KEY");
      const sessionToken = variable(env, "AWS_SESSION_TOKEN");
      if (accessKeyId === undefined) return absent("AWS_ACCESS_KEY_ID is not set");
      if (secretAccessKey === undefined) return absent("AWS_SECRET_ACCESS_KEY is not set");
      return await Promise.resolve(
        found({ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }),
      );
    },
  };
}
