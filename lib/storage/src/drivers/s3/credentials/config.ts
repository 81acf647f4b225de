/** Where credentials for S3 come from. */
export type CredentialsConfig =
  /** Whatever the surroundings offer: see `ambientSources`. */
  | AmbientCredentials
  /** A pair of keys that somebody wrote down. */
  | GivenCredentials
  /** None: requests are sent unsigned. */
  | { readonly kind: "anonymous" };

export interface AmbientCredentials {
  readonly kind: "ambient";
  /** A profile of the shared files, in place of AWS_PROFILE. */
  readonly profile?: string;
  /** Of the token service, where the environment names none. */
  readonly region?: string;
}

export interface GivenCredentials {
  readonly kind: "given";
  readonly accessKeyId: string;
  readonly secret: GivenSecret;
  readonly sessionToken?: string;
}

export type GivenSecret =
  | { readonly text: string }
  /** Holds the secret and nothing else but blanks around it; read again every minute. */
  | { readonly path: string };
