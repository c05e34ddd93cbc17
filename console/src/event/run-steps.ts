/** The steps of a run on one axis of time, with the iterations of a loop folded to one line. */
import type { RunStep } from '../api/automate-types.ts'

export interface StepLine {
  /** `each[3]/charge`, or of a folded loop `each[…]`. */
  path: string
  steps: readonly RunStep[]
  /** Of a folded loop. */
  iterations: number
  failed: number
  /** Share of the axis, 0 to 1. */
  from: number
  width: number
}

const FAILED: ReadonlySet<string> = new Set(['failed', 'timed_out', 'truncated'])
export const isFailed = ({ status }: Pick<RunStep, 'status'>): boolean => FAILED.has(status)

/** Loops of so many iterations are shown one by one. */
const UNFOLDED_MAX = 2
const LEAST = 0.005

/** In the order of their beginnings; a loop has its place where its first step has. */
export function linesOfSteps(steps: readonly RunStep[]): StepLine[] {
  const inOrder = steps.toSorted((a, b) => a.number - b.number)
  const [first] = inOrder
  if (first === undefined) return []
  const startMs = Math.min(...inOrder.map(({ startedAt }) => Date.parse(startedAt)))
  const endMs = Math.max(...inOrder.map(endOf), startMs + 1)
  const place = (own: readonly RunStep[]) => {
    const from = Math.min(...own.map(({ startedAt }) => Date.parse(startedAt)))
    const to = Math.max(...own.map(endOf))
    const span = endMs - startMs
    return { from: (from - startMs) / span, width: Math.max(LEAST, (to - from) / span) }
  }
  const byLoop = new Map<string, RunStep[]>()
  for (const step of inOrder) {
    const key = loopOf(step.path) ?? step.path
    const own = byLoop.get(key)
    if (own === undefined) byLoop.set(key, [step])
    else own.push(step)
  }
  return [...byLoop].flatMap(([path, own]) => {
    const iterations = new Set(own.map(each => iterationOf(each.path))).size
    if (loopOf(own[0]!.path) === undefined || iterations <= UNFOLDED_MAX)
      return own.map(step => ({ path: step.path, steps: [step], iterations: 0, failed: 0, ...place([step]) }))
    const failed = new Set(own.filter(isFailed).map(each => iterationOf(each.path))).size
    return [{ path: `${path}[…]`, steps: own, iterations, failed, ...place(own) }]
  })
}

const endOf = ({ startedAt, durationMs }: RunStep): number => Date.parse(startedAt) + durationMs

/** `each` of `each[3]/charge`; undefined outside of loops. */
function loopOf(path: string): string | undefined {
  const at = path.indexOf('[')
  return at < 0 ? undefined : path.slice(0, at)
}

const iterationOf = (path: string): string => path.slice(0, path.indexOf(']') + 1)
