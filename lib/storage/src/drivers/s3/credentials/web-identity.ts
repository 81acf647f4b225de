import { absent, found, type Source, type SourceDeps, unusable, variable } from "./source.ts";
import { assumeRoleWithWebIdentity } from "./token-service.ts";

/**
 * The service account of a pod, as EKS announces it (IRSA): AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and perhaps
 * AWS_ROLE_SESSION_NAME.
 */
export function webIdentitySource(region: string | undefined, deps: SourceDeps): Source {
  return {
    name: "web identity",
    load: async () => {
      const tokenFile = variable(deps.env, "AWS_WEB_IDENTITY_TOKEN_FILE");
      if (tokenFile === undefined) return absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
      const roleArn = variable(deps.env, "AWS_ROLE_ARN");
      if (roleArn === undefined) throw unusable("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
      const sessionName = variable(deps.env, "AWS_ROLE_SESSION_NAME");
      return found(await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName }, region, deps));
    },
  };
}
