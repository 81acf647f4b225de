import { DataPlaneError, type ErrorCode } from "@flyte-dataplane/core";
import type { StoreAnswer } from "../../store-answer.ts";

interface Row {
  readonly code: ErrorCode;
  readonly meaning: string;
}

const busy: Row = { code: "unavailable", meaning: "the store is busy" };
const failed: Row = { code: "unavailable", meaning: "the store failed" };
const full: Row = { code: "resource_exhausted", meaning: "the store is full or a quota is used up" };
const unknownKey: Row = { code: "unauthenticated", meaning: "the store does not know the access key" };
const ended: Row = { code: "unauthenticated", meaning: "the credentials have ended" };
const skewed: Row = {
  code: "failed_precondition",
  meaning: "the clocks of this machine and of the store differ too much; set the clock",
};
const elsewhere: Row = {
  code: "failed_precondition",
  meaning: "the bucket is in another region or at another endpoint; configure that one",
};
const corrupted: Row = { code: "data_loss", meaning: "other bytes arrived at the store than were announced" };
const malformed: Row = { code: "invalid_argument", meaning: "the store cannot take the request" };
const blocked: Row = {
  code: "failed_precondition",
  meaning: "a part of its path is an object already, or other objects lie below it",
};
const keyService: Row = { code: "failed_precondition", meaning: "the key that encrypts the object cannot be used" };

/** What the words of S3, and of MinIO, Ceph and versitygw where theirs differ, mean for an object. */
export const s3ErrorTable: Readonly<Record<string, Row>> = {
  NoSuchKey: { code: "not_found", meaning: "no such object" },
  NoSuchVersion: { code: "not_found", meaning: "no such object" },
  NoSuchBucket: { code: "not_found", meaning: "no such bucket" },
  NoSuchUpload: { code: "not_found", meaning: "no such upload" },
  AccessDenied: {
    code: "permission_denied",
    meaning: "the store refuses access; check the role and the bucket's policy",
  },
  AllAccessDisabled: { code: "permission_denied", meaning: "access to the bucket is switched off" },
  AccountProblem: { code: "permission_denied", meaning: "the account has a problem that its owner must solve" },
  UserSuspended: { code: "permission_denied", meaning: "the user is suspended" },
  InvalidPayer: { code: "permission_denied", meaning: "the account that pays may not" },
  InvalidAccessKeyId: unknownKey,
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: { code: "unauthenticated", meaning: "the secret key is not that of the access key" },
  ExpiredToken: ended,
  ExpiredTokenException: ended,
  TokenRefreshRequired: ended,
  InvalidToken: { code: "unauthenticated", meaning: "the session token is not valid" },
  InvalidTokenId: { code: "unauthenticated", meaning: "the session token is not valid" },
  InvalidSecurity: { code: "unauthenticated", meaning: "the credentials are not valid" },
  NotSignedUp: { code: "unauthenticated", meaning: "the account is not signed up for the store" },
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  PermanentRedirect: elsewhere,
  TemporaryRedirect: { code: "unavailable", meaning: "the bucket is not yet to be found under its name" },
  Redirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  SlowDown: busy,
  SlowDownRead: busy,
  SlowDownWrite: busy,
  Throttling: busy,
  ThrottlingException: busy,
  ThrottledException: busy,
  RequestThrottled: busy,
  RequestThrottledException: busy,
  TooManyRequests: busy,
  TooManyRequestsException: busy,
  RequestLimitExceeded: busy,
  BandwidthLimitExceeded: busy,
  Busy: busy,
  ServiceUnavailable: busy,
  InternalError: failed,
  InternalFailure: failed,
  InternalServerError: failed,
  UnknownError: failed,
  XMinioServerNotInitialized: { code: "unavailable", meaning: "the store is starting" },
  XMinioBackendDown: failed,
  XMinioReadQuorum: failed,
  XMinioWriteQuorum: failed,
  RequestTimeout: { code: "unavailable", meaning: "the store waited too long for the request" },
  RequestTimeoutException: { code: "unavailable", meaning: "the store waited too long for the request" },
  ClientDisconnected: { code: "unavailable", meaning: "the connection ended before the request did" },
  IncompleteBody: { code: "unavailable", meaning: "the connection ended before the request did" },
  OperationAborted: { code: "aborted", meaning: "another writer got in between" },
  ConditionalRequestConflict: { code: "aborted", meaning: "another writer got in between" },
  PreconditionFailed: { code: "aborted", meaning: "the object was replaced" },
  ObjectAlreadyExists: { code: "already_exists", meaning: "the key is taken" },
  QuotaExceeded: full,
  XMinioStorageFull: full,
  XMinioAdminBucketQuotaExceeded: full,
  InsufficientStorage: full,
  TooManyParts: { code: "resource_exhausted", meaning: "the upload has too many parts" },
  EntityTooLarge: { code: "invalid_argument", meaning: "the store takes no object or part of that size" },
  EntityTooSmall: { code: "invalid_argument", meaning: "a part but the last is smaller than the store takes" },
  InvalidRange: { code: "out_of_range", meaning: "the range is past the end" },
  BadDigest: corrupted,
  InvalidDigest: { code: "invalid_argument", meaning: "the MD5 or checksum is malformed" },
  XAmzContentChecksumMismatch: corrupted,
  XAmzContentSHA256Mismatch: corrupted,
  ContentSHA256Mismatch: corrupted,
  InvalidPart: { code: "failed_precondition", meaning: "a part of the upload is not what was stored" },
  InvalidPartOrder: { code: "failed_precondition", meaning: "the parts of the upload are not in order" },
  InvalidObjectState: { code: "failed_precondition", meaning: "the object is archived; restore it first" },
  KeyTooLongError: { code: "invalid_argument", meaning: "the key is too long for the store" },
  KeyTooLong: { code: "invalid_argument", meaning: "the key is too long for the store" },
  InvalidBucketName: { code: "invalid_argument", meaning: "the bucket's name is not one" },
  InvalidObjectName: { code: "invalid_argument", meaning: "the store cannot have an object of that name" },
  XMinioInvalidObjectName: { code: "invalid_argument", meaning: "the store cannot have an object of that name" },
  XMinioInvalidResourceName: { code: "invalid_argument", meaning: "the store cannot have an object of that name" },
  InvalidURI: malformed,
  InvalidArgument: malformed,
  InvalidRequest: malformed,
  MetadataTooLarge: { code: "invalid_argument", meaning: "the metadata is larger than the store keeps" },
  MissingContentLength: malformed,
  XMinioParentIsObject: blocked,
  XMinioObjectExistsAsDirectory: blocked,
  ObjectParentIsFile: blocked,
  ExistingObjectIsDirectory: blocked,
  DirectoryNotEmpty: blocked,
  NotImplemented: { code: "unimplemented", meaning: "the store does not offer it" },
  MethodNotAllowed: { code: "unimplemented", meaning: "the store does not offer it for this object" },
};

/** Where the store gave no word, or one that the table lacks. */
const statusTable: Readonly<Record<number, Row>> = {
  301: elsewhere,
  302: elsewhere,
  307: elsewhere,
  308: elsewhere,
  400: malformed,
  401: { code: "unauthenticated", meaning: "the store asks for credentials" },
  403: { code: "permission_denied", meaning: "the store refuses access; check the role and the bucket's policy" },
  404: { code: "not_found", meaning: "no such object" },
  405: { code: "unimplemented", meaning: "the store does not offer it" },
  407: { code: "unauthenticated", meaning: "the proxy asks for credentials" },
  408: { code: "unavailable", meaning: "the store waited too long for the request" },
  409: { code: "aborted", meaning: "another writer got in between" },
  411: malformed,
  412: { code: "aborted", meaning: "the object was replaced" },
  413: { code: "invalid_argument", meaning: "the store takes no object or part of that size" },
  414: { code: "invalid_argument", meaning: "the key is too long for the store" },
  416: { code: "out_of_range", meaning: "the range is past the end" },
  425: busy,
  429: busy,
  431: { code: "invalid_argument", meaning: "the headers are larger than the store takes" },
  501: { code: "unimplemented", meaning: "the store does not offer it" },
  507: full,
};

export interface S3Refusal {
  readonly answer: StoreAnswer;
  /** The body was a page for people. */
  readonly html?: boolean;
  /** The region where the store says that the bucket is. */
  readonly region?: string | undefined;
}

/** The error that an answer amounts to, with the answer as its cause. */
export function s3Error({ answer, html = false, region }: S3Refusal): DataPlaneError {
  const row = rowOf(answer, html);
  const named = answer.code === "" ? `status ${answer.status}` : `"${answer.code}"`;
  const where = row === elsewhere && region !== undefined ? `; its region is "${region}"` : "";
  return new DataPlaneError(row.code, `${row.meaning} (the store answered ${named})${where}`, { cause: answer });
}

function rowOf({ status, code }: StoreAnswer, html: boolean): Row {
  const known = Object.hasOwn(s3ErrorTable, code) ? s3ErrorTable[code] : undefined;
  if (known !== undefined) return known;
  if (/^(kms[.:]|XMinioKMS)/i.test(code)) return keyService;
  if (html && status < 500 && status !== 429) {
    return { code: "failed_precondition", meaning: "the answer is a web page; is the endpoint an S3 API?" };
  }
  const byStatus = statusTable[status];
  if (byStatus !== undefined) return byStatus;
  if (status >= 500) return failed;
  if (status >= 400) return malformed;
  return { code: "internal", meaning: "the store gave an answer that S3 does not have" };
}
