import {
  bytes,
  defineSection,
  duration,
  flag,
  integer,
  type Section,
  text,
  texts,
} from "@flyte-dataplane/runtime/config";

export interface DataproxyConfig {
  /** `scheme://host[:port]` given to clients as this server's address; empty: the Host they used. */
  readonly publicEndpoint: string;
  readonly upload: {
    /** Bytes; 0 sets no bound. */
    readonly maxSize: number;
    /** Milliseconds; 0 sets no bound. */
    readonly maxExpiresIn: number;
    readonly storagePrefix: string;
  };
  readonly download: {
    /** Milliseconds; 0 sets no bound. */
    readonly maxExpiresIn: number;
  };
  readonly actionData: {
    /** Bytes. */
    readonly maxBytes: number;
    readonly tolerateMissing: boolean;
  };
  readonly logs: {
    readonly stripLineEndings: boolean;
    readonly maxLinesWithoutStart: number;
    /** Milliseconds; 0 sends none. */
    readonly heartbeat: number;
    /** Milliseconds; 0 sets no bound. */
    readonly idleTimeout: number;
  };
  readonly limits: {
    /** Of each subject; callers without a name are one. */
    readonly subject: AccessLimits & { readonly streams: number };
    readonly project: AccessLimits;
  };
  /** Storage URIs below which links may point, beside the server's own storage. */
  readonly allowedPrefixes: readonly string[];
}

/** Each 0 sets no limit. */
export interface AccessLimits {
  readonly callsPerSecond: number;
  readonly uploadBytesPerHour: number;
}

const callsPerSecond = (whose: string) =>
  integer({ doc: `Calls per second of one ${whose}; 0 sets no limit.`, default: 0, min: 0, max: 1_000_000 });
const uploadBytesPerHour = (whose: string) =>
  bytes({
    doc: `Bytes that one ${whose} may upload per hour, all at once if need be; an upload whose size is not announced counts as upload.maxSize. 0 sets no limit.`,
    default: 0,
  });

export const dataproxySection: Section<DataproxyConfig> = defineSection<DataproxyConfig>(
  "dataproxy",
  "Signed links, input documents, action data and logs.",
  {
    publicEndpoint: text({
      doc: "Address of this server for clients, as scheme://host[:port]; empty answers with the Host they used.",
      default: "",
    }),
    upload: {
      maxSize: bytes({
        doc: "Largest upload that a caller may announce; 0 sets no bound.",
        default: 100 * 1024 * 1024,
      }),
      maxExpiresIn: duration({
        doc: "Longest life of an upload link, and the one given when none is asked for; 0 sets no bound and gives 1h.",
        default: 3_600_000,
      }),
      storagePrefix: text({ doc: "First part of the keys of uploads and of offloaded inputs.", default: "uploads" }),
    },
    download: {
      maxExpiresIn: duration({
        doc: "Longest life of a download link, and the one given when none is asked for; 0 sets no bound and gives 1h.",
        default: 3_600_000,
      }),
    },
    actionData: {
      maxBytes: bytes({
        doc: "Largest inputs or outputs document that is read into memory.",
        default: 64 * 1024 * 1024,
      }),
      tolerateMissing: flag({
        doc: "Answer a recorded document that is gone with an empty one, as the reference does.",
        default: false,
      }),
    },
    logs: {
      stripLineEndings: flag({
        doc: "Send log lines without their terminator, as the reference does.",
        default: false,
      }),
      maxLinesWithoutStart: integer({
        doc: "Lines from the end when the start of the container is not known.",
        default: 1000,
        min: 1,
      }),
      heartbeat: duration({
        doc: "An empty message goes out after so long without a line, so that nobody on the way takes the stream for dead; 0 sends none.",
        default: 30_000,
      }),
      idleTimeout: duration({
        doc: "A stream without a line for so long ends, and may be asked for again; 0 lets it be silent as long as its task is.",
        default: 0,
      }),
    },
    limits: {
      subject: {
        callsPerSecond: callsPerSecond("subject, as the server's identity names it; callers without a name are one"),
        uploadBytesPerHour: uploadBytesPerHour("subject"),
        streams: integer({
          doc: "Log streams that one subject may have open; 0 sets no limit.",
          default: 0,
          min: 0,
          max: 1_000_000,
        }),
      },
      project: {
        callsPerSecond: callsPerSecond("project"),
        uploadBytesPerHour: uploadBytesPerHour("project"),
      },
    },
    allowedPrefixes: texts({
      doc: "Storage URIs below which links may be signed, beside the server's own storage.",
      default: [],
    }),
  },
);
