import { type Key, keys, variableOf } from "./keys.ts";

/** The text of `config docs`: every key with its default and its meaning, and the settings of the stores. */
export function configDocs(): string {
  return `Keys of the configuration. A flag --<key> comes before the variable <KEY> of the environment (as in
${variableOf("storage.enable-multicontainer")}), that before the files, and those before the default.

${keys.map(row).join("\n")}

storage.stow.config, for the kind "s3":
  auth_type          accesskey (default), or iam for the credentials of the pod's surroundings
  access_key_id      for accesskey
  secret_key         for accesskey
  secret_key_path    file that holds the secret key, in place of secret_key
  token              session token, where the keys came with one
  region             default: from the surroundings, else us-east-1 until the store names another
  endpoint           address of a store other than AWS; its buckets are parts of the path
  disable_ssl        true: http for an endpoint that names no scheme
storage.stow.config, for the kind "local":
  path               folder that holds the task's data

The pairs of storage.stow.config given as flags replace all that files say there.
`;
}

function row({ name, initial, what }: Key): string {
  return `  ${name.padEnd(46)} ${initial === undefined ? "" : `[${initial}] `}${what}`;
}
