import { describe, expect, it } from '@jest/globals'
import { compare } from '../../demo/counts.ts'
import { countsTable, percentile } from '../../demo/report.ts'

const counts = { emitted: 3, accepted: 2, 'rejected: payload_invalid': 1 }
const sources = { expected: counts, seen: counts, rows: counts, meters: { accepted: 2 } }

describe('the comparison at the end', () => {
  it('agrees when every source that knows a figure has the same', () => {
    expect(compare(sources).every(line => line.agrees)).toBe(true)
  })

  it.each(['seen', 'rows', 'meters'] as const)('reports a figure of %s that differs by one', source => {
    const lines = compare({ ...sources, [source]: { ...sources[source], accepted: 3 } })
    expect(lines.filter(line => !line.agrees).map(line => line.name)).toEqual(['accepted'])
    expect(countsTable(lines)).toMatch(/accepted .* <- differ/)
  })

  it('reports a code that only one source has', () => {
    const lines = compare({ ...sources, rows: { ...counts, 'rejected: payload_too_large': 1 } })
    const figures = { expected: 0, seen: 0, rows: 1 }
    expect(lines).toContainEqual({ name: 'rejected: payload_too_large', figures, agrees: false })
  })
})

describe('a percentile', () => {
  it('is the smallest sample that so many of a hundred are not above', () => {
    const samples = Array.from({ length: 200 }, (_, index) => 200 - index)
    expect([50, 95, 99].map(percent => percentile(samples, percent))).toEqual([100, 190, 198])
    expect(percentile([7], 99)).toBe(7)
    expect(percentile([], 50)).toBeUndefined()
  })
})
