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
  completion print the script that completes command lines in a shell

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
      --copilot.progress-interval TIME    how often the log says, at level 4, what was moved; 0 for never (10s)
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
  -i, --input-interface BASE64     serialized VariableMap: says which inputs are optional files

      --copilot.optional-files WHAT    in layout NAMED_DIR, of one that is none: ABSENT, EMPTY for a folder (ABSENT)
      --copilot.decode-msgpack         beside a binary x in msgpack lies the same as JSON, x.json
      --copilot.verify WHAT            known: compare CRC or else MD5 of each object; checksums: CRCs alone (known)

Example:
  flyte-copilot --storage.container=data --storage.stow.config auth_type=iam download \\
    --from-remote s3://data/run/inputs.pb --to-output-prefix s3://data/run/1 --to-local-dir /in

DIR then holds one file or folder per input, inputs.json with all values, and inputs.pb; it is complete once inputs.pb is
there. A failure becomes an error document, and the status is 0 unless --strict-exit is given.
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
  -t, --timeout DURATION           limit of the upload and its report, 0 for none (1h0m0s)

      --copilot.max-simple-bytes N       most bytes of the text of one simple output (1024)
      --copilot.report-margin DURATION   part of --timeout kept for a report (a tenth, at most 30s)
      --copilot.success-marker           begin as soon as DIR/_SUCCESS is there, too
      --copilot.primary-status-file PATH publish nothing if the exit status in this file is another than 0
      --copilot.void-outputs             wait for a task without outputs too, and write an empty outputs.pb

What the task leaves for an output x in DIR, by its declared type:
  simple, enum     a file x, or the only x.*, with the value as text
  file, folder     the file or folder x
  table            a folder x of files, or one file
  list             a folder x of files 0, 1, …, or a JSON file x
  map              a folder x of files named by their keys, or a JSON file x
  union, optional  as the first variant that fits; none is no file, or one that holds: null
A file DIR/_ERROR, of text or JSON with code, message and recoverable, fails the task instead.

Example:
  flyte-copilot --storage.container=data --storage.stow.config auth_type=iam sidecar --interface "$INTERFACE" \\
    --to-output-prefix s3://data/run/1 --to-raw-output s3://data/run/1 --from-local-dir /out
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
    "completion",
    `Prints the script that completes this program's commands and flags in a shell.

Usage: flyte-copilot completion bash|zsh|fish|powershell

Example:
  source <(flyte-copilot completion bash)
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
