/** What a command line of `flyte-copilot` asks for. Texts of closed sets stay as given; see `choices.ts`. */
export interface CopilotInvocation {
  readonly command: CopilotCommand;
  readonly options: CopilotOptions;
}

/** Options of every command. */
export interface CopilotOptions {
  /** Path or glob of configuration files; empty for the usual places. */
  readonly config: string;
  /** Object name of the error document below the output prefix. */
  readonly errOutputName: string;
  /** A failed download ends with a non-zero status although its error document was written. */
  readonly strictExit: boolean;
  /** Configuration keys (`storage.type`, `logger.level`, …) with their text; of a repeated one the last. */
  readonly settings: ReadonlyMap<string, string>;
  /** All pairs of `storage.stow.config`; absent when the flag was not given, so that defaults apply. */
  readonly stowConfig?: ReadonlyMap<string, string>;
}

export type CopilotCommand =
  | ({ readonly name: "download" } & DownloadOptions)
  | ({ readonly name: "sidecar" } & SidecarOptions)
  | {
      readonly name: "config";
      readonly action: ConfigAction;
      readonly files: readonly string[];
      readonly strict: boolean;
    }
  | { readonly name: "completion"; readonly shell: string }
  /** The startup probe of the sidecar: true once the sidecar of this container listens for its signal. */
  | { readonly name: "ready" }
  /** Help on a command, or on the program when `topic` is empty. */
  | { readonly name: "help"; readonly topic: string };

export type ConfigAction = "validate" | "discover" | "docs";

export interface DownloadOptions {
  /** The inputs message; empty when not given. */
  readonly fromRemote: string;
  /** Where the error document goes; empty when not given. */
  readonly toOutputPrefix: string;
  readonly toLocalDir: string;
  readonly format: string;
  readonly downloadMode: string;
  readonly fileInputLayout: string;
  /** Milliseconds for the whole command; 0 for no limit. */
  readonly timeoutMs: number;
  /** Serialized core.VariableMap. */
  readonly inputInterface?: Uint8Array;
}

export interface SidecarOptions {
  readonly toOutputPrefix: string;
  readonly toRawOutput: string;
  readonly fromLocalDir: string;
  /** Serialized core.TypedInterface. */
  readonly interface?: Uint8Array;
  readonly metaOutputName: string;
  readonly format: string;
  readonly uploadMode: string;
  /** Milliseconds for the upload, counted from the end of the wait; 0 for no limit. */
  readonly timeoutMs: number;
  readonly startWatcherType: string;
}
