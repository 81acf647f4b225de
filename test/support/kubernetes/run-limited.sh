#!/usr/bin/env bash
# Runs a command as PID 1 under a memory and a CPU limit, as a container would, with no container runtime. Needs root.
# Prints its peak memory, kills for memory and throttling on stderr and exits with its status; 137: the kernel killed it.
# SIGTERM and SIGINT reach the command.
#
# usage: run-limited.sh COMMAND...
# env:
#   MEMORY_MIB  default 128, page cache of files it reads and writes included, as in a Pod
#   CPU_MILLIS  default 500
set -euo pipefail

if ! (($#)); then
  sed -nE '2,/^set/s/^# ?//p' "$0" >&2
  exit 2
fi
root=/sys/fs/cgroup
name=run-limited-$$
memory=$((${MEMORY_MIB:-128} << 20))
quota=$((${CPU_MILLIS:-500} * 100)) # microseconds of every 100 ms

if [[ -f $root/cgroup.controllers ]]; then # cgroup v2
  groups=("$root/$name")
  limits=(memory.max "$memory" memory.swap.max 0 cpu.max "$quota 100000")
  reports=(memory.peak memory.events cpu.stat)
else # cgroup v1, one tree per controller
  groups=("$root/memory/$name" "$root/cpu/$name")
  limits=(memory.limit_in_bytes "$memory" cpu.cfs_period_us 100000 cpu.cfs_quota_us "$quota")
  reports=(memory.max_usage_in_bytes memory.failcnt memory.oom_control cpu.stat)
fi

in_groups() { # the existing FILE of any group
  local group
  for group in "${groups[@]}"; do
    [[ ! -e $group/$1 ]] || echo "$group/$1"
  done
}

mkdir "${groups[@]}"
trap 'rmdir "${groups[@]}"' EXIT
for ((i = 0; i < ${#limits[@]}; i += 2)); do
  file=$(in_groups "${limits[i]}")
  [[ -z $file ]] || echo "${limits[i + 1]}" >"$file"
done

# The first child of a shell in a new PID namespace is its PID 1. `unshare --fork` would do the same, but util-linux
# 2.38 exits with 1 instead of 137 when that child is killed.
as_pid_1='(mount -t proc proc /proc && exec "$@") & wait $!'
(
  for group in "${groups[@]}"; do
    echo "$BASHPID" >"$group/cgroup.procs"
  done
  exec unshare --pid --mount bash -c "$as_pid_1" -- "$@"
) &
shell=$!
# shellcheck disable=SC2317 # the traps call it
forward() { kill -"$1" "$(cat "/proc/$shell/task/$shell/children")" 2>/dev/null || true; }
trap 'forward TERM' TERM
trap 'forward INT' INT

status=0
wait "$shell" || status=$?
while kill -0 "$shell" 2>/dev/null; do # a forwarded signal ended the wait, not the command
  status=0
  wait "$shell" || status=$?
done

for report in "${reports[@]}"; do
  file=$(in_groups "$report")
  [[ -z $file ]] || echo "$report: $(tr '\n' ' ' <"$file")" >&2
done
exit "$status"
