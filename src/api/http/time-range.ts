/** The range of time of figures: a default, and a bound, so that no call reads more than it may. */
import { ClarionError } from '../../model/codes.ts'

export interface FigureRange {
  from: string
  to: string
}

/** Throws `invalid_range` for more than `mostMs`. Without `from` it is `defaultMs` long, without `to` it ends now. */
export function figureRange(
  { from, to }: { from?: string; to?: string },
  { nowMs, defaultMs, mostMs, what }: { nowMs: number; defaultMs: number; mostMs: number; what: string },
): FigureRange {
  const toMs = to === undefined ? nowMs : Date.parse(to)
  const fromMs = from === undefined ? toMs - defaultMs : Date.parse(from)
  if (toMs - fromMs > mostMs) throw tooLong(what)
  return { from: new Date(Math.max(0, fromMs)).toISOString(), to: new Date(Math.max(0, toMs)).toISOString() }
}

export function tooLong(what: string): ClarionError {
  const message = `is too far from to: ${what}`
  return new ClarionError('invalid_range', `The range of time is too long: ${what}.`, {
    details: [{ path: '/from', rule: 'range', message }],
  })
}
