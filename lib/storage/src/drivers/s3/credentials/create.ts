import { inOrder } from "./chain.ts";
import type { AmbientCredentials, CredentialsConfig } from "./config.ts";
import { containerSource } from "./container.ts";
import type { CredentialsProvider } from "./credentials.ts";
import { environmentSource } from "./environment.ts";
import { givenSource } from "./given.ts";
import { instanceMetadataSource } from "./instance-metadata.ts";
import { profileSource } from "./profile.ts";
import { refreshing } from "./refreshing.ts";
import { type Source, type SourceDeps, variable } from "./source.ts";
import { webIdentitySource } from "./web-identity.ts";

/** Nothing is read or asked before the first call of the provider. */
export function createCredentials(config: CredentialsConfig, deps: SourceDeps): CredentialsProvider {
  switch (config.kind) {
    case "anonymous":
      return async () => await Promise.resolve(undefined);
    case "given":
      return refreshing(inOrder([givenSource(config)]), deps);
    case "ambient":
      return refreshing(inOrder(ambientSources(config, deps)), deps);
  }
}

/**
 * In the order of AWS's SDK for Go, by which the Flyte programs beside us find theirs: the pod's web identity comes before
 * the shared files, which the SDK for JavaScript has the other way round. A profile that the configuration names comes
 * first of all.
 */
function ambientSources(config: AmbientCredentials, deps: SourceDeps): readonly Source[] {
  const region = variable(deps.env, "AWS_REGION") ?? variable(deps.env, "AWS_DEFAULT_REGION") ?? config.region;
  const profile = profileSource(
    { ...(config.profile !== undefined && { profile: config.profile }), ...(region !== undefined && { region }) },
    deps,
  );
  if (config.profile !== undefined) return [profile];
  return [
    environmentSource(deps.env),
    webIdentitySource(region, deps),
    profile,
    containerSource(deps),
    instanceMetadataSource(deps),
  ];
}
