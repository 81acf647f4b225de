/** The text of `--help`, by topic; the empty topic is the program itself. */
export const usage: ReadonlyMap<string, string> = new Map([
  [
    "",
    `flyte-copilot stages a task's inputs as files and publishes the files it leaves as outputs,
so that the task's container needs to know nothing of Flyte.

Usage: flyte-copilot [flags] <command> [flags]

Commands:
  download   fetch the inputs message, lay every input out as a file, then exit
  sidecar    wait for SIGTERM, the sign that the task has ended, then publish outputs or one error document
  ready      exit 0 once the sidecar of this container listens for SIGTERM, else 1
  config     show what the configuration is made of, or check it

Flags of every command:
      --config PATH                       configuration file or glob
      --err-output-name NAME              object name of the error document (errors.pb)
      --strict-exit                       a failed download ends with status 1
      --storage.type TYPE                 s3, minio, local, or stow to follow the next flag (stow)
      --storage.stow.kind KIND            store of the task's data: s3 or local (s3)
      --storage.stow.config KEY=VALUE     setting of that store, repeatable
      --storage.container NAME            bucket of the task's data
      --storage.enable-multicontainer     other buckets may be used, too
      --storage.limits.maxDownloadMBs N   MiB of one object, 0 for any size (2)
      --logger.level N                    0 to 5: 2 errors, 3 warnings, 4 info, 5 debug (3)
      --logger.formatter.type FORMAT      json, text or gcp (json)
  -h, --help                              help on the program or a command
      --version                           the program's version

Example, without a cluster:
  flyte-copilot download --from-remote /tmp/in/inputs.pb --to-output-prefix /tmp/out --to-local-dir /tmp/work
`,
  ],
  [
    "download",
    `Stages a task's inputs as files.

Usage: flyte-copilot download [flags]

  -f, --from-remote URI            the inputs message, its name included
      --to-output-prefix URI       where an error document goes; required
  -o, --to-local-dir DIR           folder to fill; made if missing
  -m, --format FORMAT              file that lists all inputs: JSON, YAML, PROTO for inputs.pb alone (JSON)
      --file-input-layout LAYOUT   DIRECT: DIR/<input>, NAMED_DIR: DIR/<input>/<the file's own name> (DIRECT)
  -d, --download-mode MODE         DOWNLOAD_EAGER; DO_NOT_DOWNLOAD leaves files where they are (DOWNLOAD_EAGER)
  -t, --timeout DURATION           limit of the whole command, 0 for none (1h0m0s)
  -i, --input-interface BASE64     serialized VariableMap
`,
  ],
  [
    "sidecar",
    `Publishes what a task leaves in its output directory.

Usage: flyte-copilot sidecar [flags]

  -o, --to-output-prefix URI       where outputs.pb or the error document goes
  -x, --to-raw-output URI          where the data of files and folders goes
  -f, --from-local-dir DIR         directory that the task writes to
  -i, --interface BASE64           serialized TypedInterface; its outputs are what is looked for
      --meta-output-name NAME      object name of the result (outputs.pb)
      --start-watcher-type TYPE    signal: begin at SIGTERM, noop: begin at once (signal)
  -u, --upload-mode MODE           UPLOAD_ON_EXIT
  -m, --format FORMAT              JSON, YAML, PROTO; without effect
  -t, --timeout DURATION           limit of the upload, 0 for none (1h0m0s)
`,
  ],
  [
    "config",
    `Shows what the configuration is made of, or checks it. Nothing is asked of a store.

Usage: flyte-copilot config validate|discover|docs [flags]

  validate   read all sources as the other commands do, and exit 0 if they describe a store
  discover   name the files that are read
  docs       name every key, with its default and its meaning

      --file PATH   a file to read, in place of those of --config; repeatable
      --strict      for validate: an unknown key of a file is a fault, as it is for the other commands
`,
  ],
  [
    "ready",
    `Exits 0 once the sidecar listens for SIGTERM, else 1: the sidecar's startup probe. Run it in the sidecar's
container, in the same working directory.

Usage: flyte-copilot ready
`,
  ],
]);
