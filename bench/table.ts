/** The result: one line a figure, as a Markdown table. */
export interface Row {
  figure: string
  clarion: string
  baseline: string
  /** The value that is compared with the goal: a share of the baseline, or the difference to it. */
  ratio: string
  goal: string
  /** Undefined: there is no goal, the line is for information. */
  holds: boolean | undefined
  /** Cores that others kept busy meanwhile; beyond a few tenths the figure says little. */
  othersCores?: number | undefined
}

const COLUMNS = ['figure', 'Clarion', 'baseline', 'ratio', 'goal', 'holds?', 'others, cores']

export function table(rows: readonly Row[]): string {
  const cells = rows.map(row => [
    row.figure,
    row.clarion,
    row.baseline,
    row.ratio,
    row.goal,
    verdict(row.holds),
    row.othersCores?.toFixed(1) ?? '–',
  ])
  return [COLUMNS, COLUMNS.map(() => '---'), ...cells].map(line => `| ${line.join(' | ')} |`).join('\n')
}

const verdict = (holds: boolean | undefined) => (holds === undefined ? '–' : holds ? 'yes' : '**no**')

/** 12,345 */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US')
/** At most two digits after the point. */
export const short = (value: number): string => String(Math.round(value * 100) / 100)
