/** `clarion completion SHELL`: the words of all commands, for three shells. */
import { type Command, UsageError } from './command.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const

/** `commands`: given when it runs, since this command is one of them. */
export const completionOf = (commands: () => readonly Command[]): Command => ({
  name: 'completion',
  positionals: ['SHELL'],
  sentence: 'A script that completes commands and options: bash, zsh or fish.',
  options: {},
  notes: `  clarion completion bash > /etc/bash_completion.d/clarion
  clarion completion zsh > "\${fpath[1]}/_clarion"
  clarion completion fish > ~/.config/fish/completions/clarion.fish`,
  async run({ positionals: [shell = ''], print }) {
    const script = SCRIPTS[shell as (typeof SHELLS)[number]]
    if (script === undefined) throw new UsageError(`there is no shell '${shell}'`, `one of: ${SHELLS.join(', ')}`)
    print.raw(script(commands()))
    return 0
  },
})

const options = ({ options: own }: Command): string =>
  Object.keys(own)
    .map(name => `--${name}`)
    .join(' ')

const SCRIPTS: Record<(typeof SHELLS)[number], (commands: readonly Command[]) => string> = {
  bash: commands => `_clarion() {
  local line="\${COMP_WORDS[*]:1:COMP_CWORD-1}" word="\${COMP_WORDS[COMP_CWORD]}"
  if [[ "$word" == -* ]]; then
    case "$line" in
${commands
  .map(
    each => `      "${each.name}"*) COMPREPLY=($(compgen -W "${options(each)} --json --help" -- "$word")); return ;;`,
  )
  .reverse()
  .join('\n')}
    esac
  fi
  case "$line" in
${wordsBelow(commands)
  .map(([line, words]) => `    "${line}") COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word")) ;;`)
  .join('\n')}
  esac
}
complete -F _clarion clarion
`,
  zsh: commands => `#compdef clarion
autoload -U +X bashcompinit && bashcompinit
${SCRIPTS.bash(commands)}`,
  fish: commands =>
    `${wordsBelow(commands)
      .map(
        ([line, words]) =>
          `complete -c clarion -f -n 'test (string join " " (commandline -opc)[2..]) = "${line}"' -a '${words.join(' ')}'`,
      )
      .join('\n')}\n`,
}

/** The words that may follow the words so far. */
function wordsBelow(commands: readonly Command[]): Array<[string, string[]]> {
  const below = new Map<string, Set<string>>()
  for (const { name } of commands) {
    const words = name.split(' ')
    for (const [at, word] of words.entries()) {
      const line = words.slice(0, at).join(' ')
      below.set(line, (below.get(line) ?? new Set()).add(word))
    }
  }
  return [...below].map(([line, words]) => [line, [...words]])
}
