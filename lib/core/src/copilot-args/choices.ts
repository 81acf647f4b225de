import { DataPlaneError } from "../errors.ts";

/**
 * Values of closed sets. The command line accepts any text for them, so that a wrong one can still be reported
 * through the error document; the commands read them with `choiceOf` once they know where that goes.
 */
export const metadataFormats = ["JSON", "YAML", "PROTO"] as const;
export const downloadModes = ["DOWNLOAD_EAGER", "DOWNLOAD_STREAM", "DO_NOT_DOWNLOAD"] as const;
export const fileInputLayouts = ["DIRECT", "NAMED_DIR"] as const;
export const uploadModes = ["UPLOAD_ON_EXIT", "UPLOAD_EAGER", "DO_NOT_UPLOAD"] as const;
export const watcherTypes = ["signal", "noop"] as const;

export type MetadataFormat = (typeof metadataFormats)[number];
export type DownloadMode = (typeof downloadModes)[number];
export type FileInputLayout = (typeof fileInputLayouts)[number];
export type UploadMode = (typeof uploadModes)[number];
export type WatcherType = (typeof watcherTypes)[number];

/** The choice that `text` names, exactly as spelled. Throws `invalid_argument` naming `flag` and what it may be. */
export function choiceOf<Choice extends string>(flag: string, choices: readonly Choice[], text: string): Choice {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw new DataPlaneError(
    "invalid_argument",
    `${flag} ${JSON.stringify(text.slice(0, 64))}: use one of ${choices.join(", ")}`,
    {
      origin: "user",
    },
  );
}
