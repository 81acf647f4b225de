import { copilotFlagNames, DataPlaneError } from "@flyte-dataplane/core";

const program = "flyte-copilot";

/** What stands behind each command. */
const commands: ReadonlyMap<string, string> = new Map([
  ["download", ""],
  ["sidecar", ""],
  ["ready", ""],
  ["config", "validate discover docs"],
  ["completion", "bash zsh fish powershell"],
  ["help", "download sidecar ready config completion"],
]);

/** The script that teaches `shell` this program's commands and flags. Throws `invalid_argument` (origin user) for another. */
export function completion(shell: string): string {
  switch (shell) {
    case "bash":
      return bash();
    case "zsh":
      return `#compdef ${program}\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`;
    case "fish":
      return fish();
    case "powershell":
      return powershell();
    default:
      throw new DataPlaneError("invalid_argument", "completion: name a shell: bash, zsh, fish or powershell", {
        origin: "user",
      });
  }
}

/** Words that may follow a command; of the empty one the commands themselves. */
function wordsOf(command: string): string {
  const flags = copilotFlagNames();
  const own = [...(flags.get(command) ?? []), ...(command === "" ? [] : (flags.get("") ?? []))];
  const plain = command === "" ? [...commands.keys()].join(" ") : (commands.get(command) ?? "");
  return [plain, ...own.map((name) => `--${name}`)].filter((word) => word !== "").join(" ");
}

function bash(): string {
  const cases = [...commands.keys()].map((command) => `    ${command}) words="${wordsOf(command)}" ;;`);
  return `_flyte_copilot() {
  local word command="" words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in
      ${[...commands.keys()].join("|")}) command="$word"; break ;;
    esac
  done
  case "$command" in
${cases.join("\n")}
    *) words="${wordsOf("")}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _flyte_copilot ${program}
`;
}

function fish(): string {
  const all = [...commands.keys()].join(" ");
  const lines = [`complete -c ${program} -n "not __fish_seen_subcommand_from ${all}" -f -a "${all}"`];
  for (const [command, words] of commands) {
    if (words !== "") lines.push(`complete -c ${program} -n "__fish_seen_subcommand_from ${command}" -f -a "${words}"`);
  }
  for (const [command, names] of copilotFlagNames()) {
    const where = command === "" ? "" : ` -n "__fish_seen_subcommand_from ${command}"`;
    for (const name of names) lines.push(`complete -c ${program}${where} -l ${name}`);
  }
  return `${lines.join("\n")}\n`;
}

function powershell(): string {
  const cases = ["", ...commands.keys()].map((command) => `    '${command}' = '${wordsOf(command)}'`);
  return `Register-ArgumentCompleter -Native -CommandName ${program} -ScriptBlock {
  param($word, $line, $position)
  $words = @{
${cases.join("\n")}
  }
  $known = @($line.CommandElements | ForEach-Object { "$_" } | Where-Object { $_ -ne '' -and $words.ContainsKey($_) })
  $command = if ($known.Count -gt 0) { $known[0] } else { '' }
  $words[$command].Split(' ') | Where-Object { $_ -like "$word*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_)
  }
}
`;
}
