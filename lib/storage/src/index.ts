export { Bucket, type ReadOptions } from "./bucket.ts";
export type {
  CallOptions,
  Capabilities,
  Checksums,
  Driver,
  FileSlice,
  FileTarget,
  GetOptions,
  ListOptions,
  Multipart,
  ObjectInfo,
  PartLimits,
  PutOptions,
  PutResult,
  ReadResult,
  SignedRequest,
  Signer,
  SignGetOptions,
  SignPutOptions,
  Source,
  Upload,
  UploadedPart,
} from "./driver.ts";
export type { FileSigning } from "./drivers/file/config.ts";
export { loadSigningKey } from "./drivers/file/signing-key.ts";
export type { WebObject } from "./drivers/http/web-object.ts";
export type { S3Config, S3Encryption } from "./drivers/s3/config.ts";
export type { CredentialsConfig } from "./drivers/s3/credentials/config.ts";
export type { S3Settings } from "./drivers/s3/open.ts";
export type { NetworkOptions } from "./network.ts";
export { readObject, statObject, writeObject } from "./objects.ts";
export type { RetryPolicy } from "./retry/policy.ts";
export type { RetryDeps } from "./retry/retrier.ts";
export { signedFilesPath } from "./signed-files/link.ts";
export { type SignedFileRequest, type SignedFileResponse, serveSignedFile } from "./signed-files/serve.ts";
export { createStores, type Stores, type StoresOptions } from "./stores.ts";
export { downloadFile } from "./transfer/download-file.ts";
export { downloadTree } from "./transfer/download-tree.ts";
export type {
  DownloadOptions,
  DownloadTreeOptions,
  Progress,
  TransferOptions,
  TransferSizes,
  TreeResult,
  UploadOptions,
  UploadTreeOptions,
} from "./transfer/options.ts";
export { type KeyPlace, placeOfKey } from "./transfer/place-key.ts";
export { uploadFile } from "./transfer/upload-file.ts";
export { uploadStream } from "./transfer/upload-stream.ts";
export { uploadTree } from "./transfer/upload-tree.ts";
export { withMetrics } from "./with-metrics.ts";
export { withPrefix } from "./with-prefix.ts";
export { withRetry } from "./with-retry.ts";
