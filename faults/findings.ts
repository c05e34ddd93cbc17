/** Statements that were checked, and their findings. */

export interface Finding {
  what: string
  /** How many things were looked at. */
  looked: number
  wrong: number
  /** The first ones. */
  examples: string[]
}

export interface Findings {
  check(what: string, holds: boolean, example: () => string): void
  list(): Finding[]
}

const EXAMPLES_MAX = 5

export function createFindings(): Findings {
  const byWhat = new Map<string, Finding>()
  return {
    check(what, holds, example) {
      const finding = byWhat.get(what) ?? { what, looked: 0, wrong: 0, examples: [] }
      byWhat.set(what, finding)
      finding.looked++
      if (holds) return
      finding.wrong++
      if (finding.examples.length < EXAMPLES_MAX) finding.examples.push(example())
    },
    list: () => [...byWhat.values()],
  }
}
