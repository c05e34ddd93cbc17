/**
 * Cron patterns of five fields (minute, hour, day of month, month, day of week): their grammar, and the least time
 * between two ticks.
 */

interface Field {
  name: string
  min: number
  max: number
  names?: readonly string[]
}

// biome-ignore format: a table
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] },
  { name: 'day of week', min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
]
const CHARACTERS_MAX = 200
const HOUR_MINUTES = 60
const DAY_MINUTES = 24 * HOUR_MINUTES
/** The most days that a month may have. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const

export type ParsedCron = { ok: true; fields: ReadonlyArray<ReadonlySet<number>> } | { ok: false; message: string }

export function parseCron(text: string): ParsedCron {
  const parts = text.trim().split(/\s+/)
  if (text.length > CHARACTERS_MAX || parts.length !== FIELDS.length)
    return wrong('must have five fields: minute, hour, day of month, month, day of week, such as 0 6 * * MON-FRI')
  const fields: Array<Set<number>> = []
  for (const [at, part] of parts.entries()) {
    const values = valuesOf(part, FIELDS[at]!)
    if (values === undefined) return wrong(`has '${part.slice(0, 40)}' as its ${rangeOf(FIELDS[at]!)}`)
    fields.push(values)
  }
  const [, , days, months] = fields as [Set<number>, Set<number>, Set<number>, Set<number>]
  const hasWeekdays = parts[4] !== '*'
  const exists = hasWeekdays || [...months].some(month => [...days].some(day => day <= MONTH_DAYS[month - 1]!))
  return exists ? { ok: true, fields } : wrong('names a day that no month in it has')
}

const wrong = (message: string): ParsedCron => ({ ok: false, message })

const rangeOf = ({ name, min, max }: Field): string =>
  `${name}, which is ${min} to ${max}, *, a list, a range or a step`

/** `5`, `MON`, `1-5`, `*`, each with a step: `1-5/2`; and lists of them. */
function valuesOf(text: string, field: Field): Set<number> | undefined {
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const range = rangeIn(part, field)
    if (range === undefined) return undefined
    for (let value = range.from; value <= range.to; value += range.step) values.add(dayOfWeek(value, field))
  }
  return values
}

function rangeIn(part: string, field: Field): { from: number; to: number; step: number } | undefined {
  const [, first = '', last, stepText] = /^([A-Za-z0-9*]+)(?:-([A-Za-z0-9]+))?(?:\/(\d{1,2}))?$/.exec(part) ?? []
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step < 1) return undefined
  if (first === '*') return last === undefined ? { from: field.min, to: starEnd(field), step } : undefined
  const from = numberIn(first, field)
  const open = stepText === undefined ? from : starEnd(field)
  const to = last === undefined ? open : numberIn(last, field)
  return from === undefined || to === undefined || from > to ? undefined : { from, to, step }
}

/** Day of week 7 is Sunday again. */
const starEnd = ({ max, name }: Field): number => (name === 'day of week' ? 6 : max)
const dayOfWeek = (value: number, { name }: Field): number => (name === 'day of week' ? value % 7 : value)

function numberIn(text: string, { min, max, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase())
  if (named >= 0) return named + min
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : undefined
}

/** As if the pattern ticked on every day: its days and months can only make the time between two ticks longer. */
export function leastPeriodMinutes([minutes, hours]: ReadonlyArray<ReadonlySet<number>>): number {
  const ticks = [...hours!]
    .flatMap(hour => [...minutes!].map(minute => hour * HOUR_MINUTES + minute))
    .sort((a, b) => a - b)
  const gaps = ticks.map((tick, at) => (ticks[at + 1] ?? ticks[0]! + DAY_MINUTES) - tick)
  return Math.min(...gaps)
}
