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
export { readObject, statObject, writeObject } from "./objects.ts";
export { signedFilesPath } from "./signed-files/link.ts";
export { type SignedFileRequest, type SignedFileResponse, serveSignedFile } from "./signed-files/serve.ts";
export { createStores, type Stores, type StoresOptions } from "./stores.ts";
