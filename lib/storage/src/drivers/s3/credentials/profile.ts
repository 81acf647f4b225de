import { profileFiles, readProfile } from "./profile-files.ts";
import { loadThroughSdk } from "./sdk-profile.ts";
import { absent, type Found, found, type Source, type SourceDeps, unusable, variable } from "./source.ts";
import { assumeRoleWithWebIdentity } from "./token-service.ts";

/** Ways to credentials that the AWS SDK walks for us: other roles, other programs, single sign-on. */
const rarer = [
  "source_profile",
  "credential_source",
  "credential_process",
  "sso_session",
  "sso_start_url",
  "login_session",
];

/**
 * A profile of the shared files: the one of the configuration, of AWS_PROFILE, or `default`. Files are read again at each
 * refresh. One that was named and is not there is an error; no other identity steps in for it.
 */
export function profileSource(
  given: { readonly profile?: string; readonly region?: string },
  deps: SourceDeps,
): Source {
  const named = given.profile ?? variable(deps.env, "AWS_PROFILE");
  const name = named ?? "default";
  return {
    name: `profile "${name}"`,
    load: async () => {
      const files = profileFiles(deps.env);
      const profile = await readProfile(files, name);
      if (profile !== undefined) return await loadProfile(name, profile, given.region, deps);
      const why = `neither ${files.credentials} nor ${files.config} has it`;
      if (named !== undefined) throw unusable(why);
      return absent(why);
    },
  };
}

async function loadProfile(
  name: string,
  profile: ReadonlyMap<string, string>,
  region: string | undefined,
  deps: SourceDeps,
): Promise<Found> {
  const roleArn = setting(profile, "role_arn");
  const tokenFile = setting(profile, "web_identity_token_file");
  const usedRegion = region ?? setting(profile, "region");
  if (roleArn !== undefined && tokenFile !== undefined) {
    const sessionName = setting(profile, "role_session_name");
    return found(await assumeRoleWithWebIdentity({ tokenFile, roleArn, sessionName }, usedRegion, deps));
  }
  const accessKeyId = setting(profile, "aws_access_key_id");
  const secretAccessKey = setting(profile, "aws_secret_access_key");
  if (roleArn === undefined && accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = setting(profile, "aws_session_token");
    return found({ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) });
  }
  if (roleArn !== undefined || rarer.some((key) => setting(profile, key) !== undefined)) {
    return found(await loadThroughSdk(name, profileFiles(deps.env), usedRegion));
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    throw unusable("it has one of aws_access_key_id and aws_secret_access_key without the other");
  }
  return absent("it has no credentials");
}

function setting(profile: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = profile.get(name);
  return value === "" ? undefined : value;
}
