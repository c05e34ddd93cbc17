/** Numbers, sizes, durations and times in the reader's language. */
const LOCALE = 'en'
const counts = new Intl.NumberFormat(LOCALE)
const parts = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 })
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'short' })
const plurals = new Intl.PluralRules(LOCALE)

export const count = (value: number): string => counts.format(value)

export const percent = (share: number): string =>
  new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: share > 0.99 && share < 1 ? 2 : 1 }).format(
    share,
  )

export const plural = (value: number, one: string, many: string): string =>
  `${count(value)} ${plurals.select(value) === 'one' ? one : many}`

export function bytes(value: number): string {
  if (value < 1_000) return `${count(value)} B`
  if (value < 1_000_000) return `${parts.format(value / 1_000)} KB`
  if (value < 1_000_000_000) return `${parts.format(value / 1_000_000)} MB`
  return `${parts.format(value / 1_000_000_000)} GB`
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${parts.format(ms)} ms`
  if (ms < 60_000) return `${parts.format(ms / 1_000)} s`
  if (ms < 3_600_000) return `${parts.format(ms / 60_000)} min`
  if (ms < 86_400_000) return `${parts.format(ms / 3_600_000)} h`
  return `${parts.format(ms / 86_400_000)} d`
}

const STEPS: Array<[Intl.RelativeTimeFormatUnit, number]> = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

export function ago(at: number, now: number): string {
  const distance = at - now
  const [unit, size] = STEPS.find(([, ms]) => Math.abs(distance) >= ms) ?? ['second', 1_000]
  return relative.format(Math.round(distance / size), unit)
}

/** `zone`: `UTC`, or undefined for the reader's own. */
export function dateTime(at: number, zone: 'UTC' | undefined): string {
  return new Intl.DateTimeFormat(LOCALE, {
    ...{ year: 'numeric', month: 'short', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' },
    ...{ timeZone: zone, timeZoneName: 'short' },
  } as Intl.DateTimeFormatOptions).format(at)
}

export function clockTime(at: number, zone: 'UTC' | undefined): string {
  return new Intl.DateTimeFormat(LOCALE, {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZone: zone },
  } as Intl.DateTimeFormatOptions).format(at)
}

export function day(at: number): string {
  return new Intl.DateTimeFormat(LOCALE, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at)
}
