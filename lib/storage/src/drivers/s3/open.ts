import type { Clock } from "@flyte-dataplane/core";
import type { Driver } from "../../driver.ts";
import { type NetworkOptions, proxyOf } from "../../network.ts";
import { createWireClient } from "../../wire/client.ts";
import type { WireOptions } from "../../wire/exchange.ts";
import { ambientS3, type S3Config } from "./config.ts";
import { readAuthorities } from "./credentials/authorities.ts";
import type { CredentialsConfig } from "./credentials/config.ts";
import { createCredentials } from "./credentials/create.ts";
import { profileFiles, readProfile } from "./credentials/profile-files.ts";
import { openS3Driver } from "./driver.ts";

/** What is set for all buckets of a process. Each field left out is looked for in the environment. */
export interface S3Settings extends Omit<S3Config, "bucket"> {
  /** Default: ambient, whatever the surroundings offer. */
  readonly credentials?: CredentialsConfig;
  /** PEM of authorities to be trusted beside the system's; else the file that AWS_CA_BUNDLE names. */
  readonly ca?: string;
}

/**
 * Opens buckets that share one source of credentials. Region and endpoint that are not set come from the environment, then
 * from the profile in use. Rejects with `invalid_argument` for an endpoint that is none, `failed_precondition` for a file
 * of authorities that cannot be read.
 */
export async function createS3Opener(
  settings: S3Settings,
  network: NetworkOptions,
  clock: Clock,
): Promise<(bucket: string) => Driver> {
  const { env, writes, limits, logger, random = Math.random } = network;
  const { credentials: from = { kind: "ambient" }, ca: givenCa, ...config } = settings;
  const ambient = ambientS3(env);
  const ca = givenCa ?? (ambient.caFile === undefined ? undefined : await readAuthorities(ambient.caFile));
  const wire: WireOptions = { writes, proxy: proxyOf(env), ...(ca !== undefined && { ca }) };
  const place = { ...(await profilePlace(from, network)), ...ambient, ...config };
  const { region, endpoint } = place;
  const credentials = createCredentials(from.kind === "ambient" && region !== undefined ? { region, ...from } : from, {
    env,
    clock,
    random,
    connect: createWireClient,
    wire,
    ...(logger !== undefined && { logger }),
  });
  return (bucket) =>
    openS3Driver(
      { ...config, bucket, ...(region !== undefined && { region }), ...(endpoint !== undefined && { endpoint }) },
      { clock, credentials, wire: createWireClient({ ...wire, ...limits }) },
    );
}

/** Only for those who act under a profile is what stands in it meant. */
async function profilePlace(
  credentials: CredentialsConfig,
  { env }: NetworkOptions,
): Promise<Pick<S3Config, "region" | "endpoint">> {
  if (credentials.kind !== "ambient") return {};
  const named = credentials.profile ?? env["AWS_PROFILE"];
  const profile = await readProfile(profileFiles(env), named === undefined || named === "" ? "default" : named);
  const region = profile?.get("region");
  const endpoint = profile?.get("endpoint_url");
  return { ...(region !== undefined && { region }), ...(endpoint !== undefined && { endpoint }) };
}
