/** The time range of the page, as it is in the URL. */
import { useSearch } from '@tanstack/react-router'

export const RANGES = ['1h', '24h', '7d', '30d'] as const
export type Range = (typeof RANGES)[number]
export const USUAL_RANGE: Range = '24h'

const MS: Record<Range, number> = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 }
/** The beginning moves in steps, so that a call and its repetition are the same. */
const STEP_MS = 60_000

export const isRange = (text: unknown): text is Range => RANGES.includes(text as Range)

export function useRange(): { range: Range; from: string } {
  const { range = USUAL_RANGE } = useSearch({ strict: false }) as { range?: Range }
  const from = new Date(Math.floor((Date.now() - MS[range]) / STEP_MS) * STEP_MS).toISOString()
  return { range, from }
}
