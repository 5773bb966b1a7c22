import { type Command, type NamedCommand, UsageError } from './command.ts';

/** What shells complete of a command. */
interface Completed {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly options: readonly string[];
}

const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

/** `commands` loads those of the command line, this one included. */
export function completionCommand(commands: () => Promise<readonly NamedCommand[]>): Command {
  return {
    usage: `cc-jobs completion bash|zsh|fish

Prints a script for the shell. For bash, add to ~/.bashrc:        source <(cc-jobs completion bash)
For zsh, add to ~/.zshrc after compinit:                          source <(cc-jobs completion zsh)
For fish, once:  cc-jobs completion fish > ~/.config/fish/completions/cc-jobs.fish`,
    isShort: true,
    async run([shell = '', ...more], io) {
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined || more.length > 0) throw new UsageError('name one shell: bash, zsh or fish');
      io.stdout.write(script((await commands()).map(completed)));
      return 0;
    },
  };
}

/** The options are those that the usage names. */
function completed({ name, summary, usage }: NamedCommand): Completed {
  const named = usage.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
  return { name, summary, options: [...new Set([...named, '--help'])].toSorted() };
}

/** Without an answer of the function, bash completes file names. */
function bash(commands: readonly Completed[]): string {
  return `_cc_jobs() {
  local words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(commands.map(({ name }) => name).join(' '))}
  else
    case "\${COMP_WORDS[1]}" in
${commands.map(({ name, options }) => `      ${name}) words=${quoted(options.join(' '))} ;;`).join('\n')}
    esac
    case "$2" in -*) ;; *) words= ;; esac
  fi
  COMPREPLY=()
  [ -z "$words" ] || mapfile -t COMPREPLY < <(compgen -W "$words" -- "$2")
}
complete -o bashdefault -o default -F _cc_jobs cc-jobs
`;
}

function zsh(commands: readonly Completed[]): string {
  return `#compdef cc-jobs
_cc_jobs() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`).join('\n')}
    )
    _describe command commands
  elif [[ $PREFIX == -* ]]; then
    case $words[2] in
${commands.map(({ name, options }) => `      ${name}) compadd -- ${options.join(' ')} ;;`).join('\n')}
    esac
  else
    _files
  fi
}
compdef _cc_jobs cc-jobs
`;
}

function fish(commands: readonly Completed[]): string {
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c cc-jobs -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
    ...options.map(
      (option) => `complete -c cc-jobs -n '__fish_seen_subcommand_from ${name}' -l ${option.slice('--'.length)}`,
    ),
  ]);
  return `${lines.join('\n')}\n`;
}

/** A text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
