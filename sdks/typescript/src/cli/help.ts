/** The text of `--help`. */
import type { Command, Option } from './command.ts'

/** `part`: the commands that begin with it. */
export function overview(main: readonly Command[], all: readonly Command[], part?: string): string {
  const chosen = part === undefined ? main : all.filter(({ name }) => name.split(' ')[0] === part)
  const commands = chosen.length === 0 ? main : chosen
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, sentence }) => `  ${name.padEnd(width)}  ${sentence}`)
  const known = new Set(main)
  const parts = [...new Set(all.filter(each => !known.has(each)).map(({ name }) => name.split(' ')[0]))].sort()
  return `usage: clarion COMMAND [options]      clarion COMMAND --help

${lines.join('\n')}

Every call of the API is a command, too: clarion help PART lists those of ${parts.join(', ')}.
Where and who: --url and --key, else --profile, else CLARION_URL and CLARION_API_KEY, else the profile of clarion login.
Output: a table, or --json, --ndjson, --csv, --format TEXT.
Exit codes: 0 done, 1 refused by the platform, 2 given wrongly, 3 no answer, 130 interrupted.
`
}

export function helpOf(
  { name, positionals, sentence, options, notes }: Command,
  globals: Record<string, Option>,
): string {
  const usage = ['usage: clarion', name, ...positionals, '[options]'].join(' ')
  const blocks = [usage, sentence, list(options), notes, list(globals)].filter(block => block)
  return `${blocks.join('\n\n')}\n`
}

function list(options: Record<string, Option>): string {
  const rows = Object.entries(options).map(
    ([name, { value, sentence }]) => [`  --${name}${value ? ` ${value}` : ''}`, sentence] as const,
  )
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, sentence]) => `${left.padEnd(width)}  ${sentence}`).join('\n')
}
