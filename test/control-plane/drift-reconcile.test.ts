import { describe, expect, it } from '@jest/globals'
import {
  type Look,
  REOPENED_WITHIN_MS,
  type Reconciled,
  reconcile,
  SEEN_EVERY_MS,
  SINGLE_MAX,
} from '../../src/control-plane/drift/reconcile.ts'
import type { DriftFinding, Observation } from '../../src/model/drift.ts'

const observation = (entityId: string, more: Partial<Observation> = {}): Observation => ({
  ...{ kind: 'subscription_target', severity: 'warning', entityType: 'webhook', entityId, canonicalName: null },
  ...{ message: `${entityId} selects nothing.`, expected: null, actual: null },
  diff: [{ path: '/events/0', change: 'selector_matches_nothing a.b' }],
  ...more,
})

/** Findings as they are after looks at these observations, one after the other. */
function looks() {
  const findings = new Map<string, DriftFinding>()
  let next = 0
  return {
    findings,
    look(observed: Observation[], nowMs: number, more: Partial<Look> = {}): Reconciled {
      const outcome = reconcile({
        ...{ organizationId: 'org_1', before: [...findings.values()], observed, nowMs, covers: () => true },
        nextId: () => `drf_${++next}`,
        ...more,
      })
      for (const each of outcome.records) findings.set(each.id, each)
      return outcome
    },
  }
}

describe('a fault', () => {
  it('is one finding for as long as it is seen, and written again once an hour', () => {
    const { look, findings } = looks()
    expect(look([observation('wh_1')], 0).detected).toHaveLength(1)
    expect(look([observation('wh_1')], SEEN_EVERY_MS - 1).records).toEqual([])
    expect(look([observation('wh_1')], SEEN_EVERY_MS).detected).toEqual([])
    expect(findings.get('drf_1')).toMatchObject({ occurrences: 2, status: 'open', revision: 2 })
  })

  it('ends when it is not seen any more, and is the same finding again within a day', () => {
    const { look, findings } = looks()
    look([observation('wh_1')], 0)
    expect(look([], 1_000).resolved).toMatchObject([{ id: 'drf_1', status: 'resolved' }])
    expect(look([observation('wh_1')], 2_000).detected).toMatchObject([
      { id: 'drf_1', status: 'open', resolvedAt: null },
    ])
    look([], 3_000)
    look([observation('wh_1')], 3_000 + REOPENED_WITHIN_MS)
    expect([...findings.keys()]).toEqual(['drf_1', 'drf_2'])
  })

  it('that differs otherwise is another one', () => {
    const { look } = looks()
    look([observation('wh_1')], 0)
    const other = observation('wh_1', { diff: [{ path: '/events/1', change: 'selector_matches_nothing a.c' }] })
    const { detected, resolved } = look([other], 1)
    expect([detected.map(each => each.id), resolved.map(each => each.id)]).toEqual([['drf_2'], ['drf_1']])
  })

  it('that is ignored stays so, and another difference of it is not', () => {
    const { look, findings } = looks()
    look([observation('wh_1')], 0)
    findings.set('drf_1', { ...findings.get('drf_1')!, status: 'ignored' })
    expect(look([], 1).records).toEqual([])
    expect(look([observation('wh_1')], 2).detected).toEqual([])
    const other = observation('wh_1', { diff: [{ path: '/events/1', change: 'selector_matches_nothing a.c' }] })
    expect(look([other], 3).detected).toMatchObject([{ id: 'drf_2', status: 'open' }])
  })

  it('that a look would not have seen is left alone', () => {
    const { look } = looks()
    look([observation('wh_1')], 0)
    expect(look([], 1, { covers: ({ kind }) => kind === 'ledger' }).records).toEqual([])
  })
})

describe('many faults at once', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => observation(`wh_${at}`))

  it('are one finding, which stays the same while their number changes', () => {
    const { look, findings } = looks()
    expect(look(many(300), 0).detected).toMatchObject([{ entityType: 'organization', actual: { count: 300 } }])
    expect(look(many(299), SEEN_EVERY_MS).detected).toEqual([])
    expect([...findings.values()]).toMatchObject([{ actual: { count: 299 } }])
    expect(look([], SEEN_EVERY_MS + 1).resolved).toHaveLength(1)
  })

  it('leave those that are findings already as they are', () => {
    const { look } = looks()
    look(many(3), 0)
    const { detected, resolved } = look(many(300), 1)
    expect([detected.length, detected[0]!.actual, resolved]).toEqual([1, { count: 297 }, []])
  })

  it('up to twenty are findings of their own', () => {
    const { look } = looks()
    expect(look(many(SINGLE_MAX), 0).detected).toHaveLength(SINGLE_MAX)
  })
})
