import type { GivenCredentials } from "./config.ts";
import { readSecretFile } from "./secret-file.ts";
import { found, type Source } from "./source.ts";

/** The pair of keys of the configuration. */
export function givenSource(config: GivenCredentials): Source {
  const { accessKeyId, secret, sessionToken } = config;
  return {
    name: "configuration",
    load: async () => {
      const secretAccessKey = "text" in secret ? secret.text : await readSecretFile(secret.path);
      return found({ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) });
    },
  };
}
