/**
 * The line of shell around every container. It stands in the run's directory, leads its own session, and is all that
 * watches over the container while no server runs:
 *
 * 1. It claims the run by creating `started`, which only one process can: whoever comes second leaves. So a server that
 *    died between starting a process and noting it down may simply start it again.
 * 2. It writes who it is to `identity`.
 * 3. It runs the command in the directory `$1`, as a child, so that it outlives the command.
 * 4. It writes the exit code to `exit`. A line end makes the file complete: one short line is one write.
 * 5. It kills what is left of its process group, itself included, as a container's processes end with its first one.
 *
 * Only builtins of the shell: the container's PATH is the user's and may lead nowhere. `exec` in a subshell keeps a
 * command called `exit` or `cd` from being taken for the builtin.
 */
export function wrapperScript(platform: string): string {
  return [
    "trap : TERM INT HUP",
    "set -C",
    "{ : >started; } 2>/dev/null || exit 0",
    "set +C",
    platform === "linux" ? identifyOnLinux : identifyElsewhere,
    '(cd "$1" && shift && exec "$@")',
    "printf '%s\\n' \"$?\" >exit",
    "kill -s KILL 0",
  ].join("\n");
}

/** In a subshell, so that its variables are not the container's. `$$` is the shell's own number there too. */
const identifyOnLinux =
  '(read -r stat </proc/$$/stat; read -r boot </proc/sys/kernel/random/boot_id; printf \'%s\\n%s\\n\' "$stat" "$boot") >identity';

const identifyElsewhere = "(printf '%s\\n' $$; LC_ALL=C /bin/ps -o lstart= -p $$) >identity";
