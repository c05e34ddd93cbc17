/** The text of `--help`. */
import type { Command, Option } from './command.ts'

export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, sentence }) => `  ${name.padEnd(width)}  ${sentence}`)
  return `usage: clarion COMMAND [options]      clarion COMMAND --help

${lines.join('\n')}

Where and who: CLARION_URL and CLARION_API_KEY, or --url and --key. --json gives JSON.
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
