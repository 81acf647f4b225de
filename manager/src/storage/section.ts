/** The `storage` section. Keys that the Flyte services know keep their names, so that their configuration can be carried over. */
import { choice, defineSection, flag, type Section, text, textMap } from "@flyte-dataplane/runtime/config";

export interface StorageSettings {
  readonly base: string;
  readonly type: "stow" | "s3" | "minio";
  readonly container: string;
  readonly "enable-multicontainer": boolean;
  readonly stow: { readonly kind: "s3"; readonly config: StowConfig };
  readonly signedUrl: {
    readonly stowConfigOverride: { readonly endpoint: string };
    /** Host of the call → endpoint of the links in its answer. */
    readonly endpoints: Readonly<Record<string, string>>;
  };
  readonly s3: S3Extras;
}

/** How S3 is reached, under the names of the reference's storage library. */
export interface StowConfig {
  readonly auth_type: "" | "accesskey" | "iam" | "anonymous";
  readonly access_key_id: string;
  readonly secret_key: string;
  readonly secret_key_path: string;
  readonly token: string;
  readonly region: string;
  readonly endpoint: string;
  readonly disable_ssl: boolean;
  readonly v2_signing: boolean;
}

/** What the reference's library has no key for. */
export interface S3Extras {
  readonly profile: string;
  readonly ca: string;
  readonly encryption: "none" | "AES256" | "aws:kms";
  readonly encryptionKey: string;
  readonly treeKeys: boolean;
}

export const storageSection: Section<StorageSettings> = defineSection<StorageSettings>(
  "storage",
  "Where uploads, inputs and outputs lie, and how S3 is reached.",
  {
    base: text({
      doc: "Storage URI or absolute path of everything that runs read and write; empty: storage.container, else blobs in the data directory.",
      default: "",
    }),
    type: choice<StorageSettings["type"]>(["stow", "s3", "minio"], {
      doc: "As co-pilot is told; all three stand for the store of storage.stow.kind.",
      default: "stow",
    }),
    container: text({ doc: "Bucket of storage.base where that is empty; never created.", default: "" }),
    "enable-multicontainer": flag({ doc: "Co-pilot may also touch other buckets of the store.", default: false }),
    stow: {
      kind: choice<"s3">(["s3"], { doc: "Kind of object store.", default: "s3" }),
      config: {
        auth_type: choice<StowConfig["auth_type"]>(["", "accesskey", "iam", "anonymous"], {
          doc: "accesskey: the keys below; iam: whatever the environment, profiles, web identity or the machine offer; anonymous: unsigned. Empty: the keys if there are any, else iam.",
          default: "",
        }),
        access_key_id: text({ doc: "Access key.", default: "" }),
        secret_key: text({ doc: "Secret of the access key; better kept in a file.", default: "", secret: true }),
        secret_key_path: text({
          doc: "File that holds the secret; wins over secret_key, read again now and then.",
          default: "",
        }),
        token: text({ doc: "Session token of temporary keys.", default: "", secret: true }),
        region: text({
          doc: "Region; empty: AWS_REGION. Tasks of the Python SDK need one unless it is us-east-1.",
          default: "",
        }),
        endpoint: text({
          doc: "Address of a store other than AWS, such as http://localhost:9000; empty: AWS_ENDPOINT_URL_S3 or AWS. With one, buckets stand in the path.",
          default: "",
        }),
        disable_ssl: flag({ doc: "An endpoint without scheme is meant as http.", default: false }),
        v2_signing: flag({ doc: "Accepted and without effect: requests are signed by version 4.", default: false }),
      },
    },
    signedUrl: {
      stowConfigOverride: {
        endpoint: text({
          doc: "Address of the store in signed links, for callers who know it by another one; empty: the endpoint itself.",
          default: "",
        }),
      },
      endpoints: textMap({
        doc: "The same by the Host that a call was sent to, as host[:port]=address; wins over the one above.",
        default: {},
      }),
    },
    s3: {
      profile: text({ doc: "Profile of the shared files that iam uses, in place of AWS_PROFILE.", default: "" }),
      ca: text({ doc: "PEM file of authorities trusted beside the system's; empty: AWS_CA_BUNDLE.", default: "" }),
      encryption: choice<S3Extras["encryption"]>(["none", "AES256", "aws:kms"], {
        doc: "How the store encrypts what this server and uploads through its links write; none: as the bucket says.",
        default: "none",
      }),
      encryptionKey: text({ doc: "Key of aws:kms; empty: the account's own.", default: "" }),
      treeKeys: flag({
        doc: "The store keeps objects in a file system (MinIO, versitygw): keys are paths without empty or dot segments.",
        default: false,
      }),
    },
  },
);
