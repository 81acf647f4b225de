/** With what requests are signed. A rotation makes a new object; one that was handed out never changes. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Present with temporary credentials. */
  readonly sessionToken?: string;
  /** Milliseconds since the Unix epoch; absent for credentials that last until somebody revokes them. */
  readonly expiresAt?: number;
}

/**
 * Credentials that are valid now; asked before each signature, answered from memory nearly always. `undefined` means that
 * requests are to be sent unsigned. Rejects with `unauthenticated` where no source has any, `unavailable` where one has
 * but did not answer, `canceled` once `signal` aborts.
 */
export type CredentialsProvider = (options?: { readonly signal?: AbortSignal }) => Promise<S3Credentials | undefined>;
