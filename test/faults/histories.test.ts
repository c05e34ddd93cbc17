/** What a history of an ordered queue is held against: each fault is found, and nothing that a lost answer explains. */
import { describe, expect, it } from '@jest/globals'
import { createFindings } from '../../faults/findings.ts'
import { LEASE_MS, type Receipt } from '../../faults/histories.ts'
import { proveHistories } from '../../faults/prove-histories.ts'

const LOG = [
  { id: 'a1', subject: 'a', sequence: 1 },
  { id: 'a2', subject: 'a', sequence: 2 },
  { id: 'b1', subject: 'b', sequence: 3 },
]
const COUNTS = { ready: 0, inFlight: 0, delayed: 0, held: 0, dead: 0, handedOut: 3, acked: 3 }

const got = (id: string, askedMs: number, more: Partial<Receipt> = {}): Receipt => ({
  ...LOG.find(event => event.id === id)!,
  ...{ askedMs, answeredMs: askedMs + 10, at: 0, settledMs: askedMs + 20, ...more },
})

function proved(receipts: Receipt[], acks: Record<string, number>, counts = COUNTS) {
  const findings = createFindings()
  const acked = new Map(Object.entries(acks))
  const ackSentMs = new Map([...acked].map(([id, ms]) => [id, ms - 5]))
  proveHistories(findings, { receipts, ackSentMs, ackedMs: acked }, LOG, counts)
  return findings.list().flatMap(({ what, wrong }) => (wrong === 0 ? [] : [what]))
}

const GOOD = { a1: 30, a2: 130, b1: 30 }
const once = [got('a1', 0), got('b1', 0, { at: 1 }), got('a2', 100)]

describe('histories', () => {
  it('hold where each message is out once and acked, or comes again after its lease or its return', () => {
    expect(proved(once, GOOD)).toEqual([])
    const left = [got('a1', 0, { settledMs: undefined }), got('a1', LEASE_MS), got('b1', 0), got('a2', LEASE_MS + 100)]
    expect(proved(left, { ...GOOD, a1: LEASE_MS + 30, a2: LEASE_MS + 130 })).toEqual([])
    const returned = [got('a1', 0), got('a1', 50), got('b1', 0), got('a2', 100)]
    expect(proved(returned, { ...GOOD, a1: 80 })).toEqual([])
    const together = [got('a1', 0), got('a2', 0, { at: 1 }), got('b1', 0, { at: 2 })]
    expect(proved(together, { ...GOOD, a2: 30 })).toEqual([])
  })

  it.each<[string, Receipt[], Record<string, number>, typeof COUNTS]>([
    [
      'no message is in two leases',
      [got('a1', 0, { settledMs: undefined }), got('a1', 50), ...once.slice(1)],
      { ...GOOD, a1: 90 },
      COUNTS,
    ],
    ['nothing of an ordered queue comes again once its ack was answered', [...once, got('a1', 200)], GOOD, COUNTS],
    [
      'no message overtakes another one of its subject',
      [got('a2', 0), got('a1', 100), got('b1', 0)],
      { ...GOOD, a1: 130, a2: 30 },
      COUNTS,
    ],
    ['each event of an ordered queue was acked', once.slice(0, 2), { a1: 30, b1: 30 }, COUNTS],
    ['an ordered queue is empty in the end', once, GOOD, { ...COUNTS, held: 1 }],
    ['an ordered queue counts each message once', once, GOOD, { ...COUNTS, acked: 4 }],
  ])('show that %s does not hold', (what, receipts, acks, counts) => {
    expect(proved(receipts, acks, counts)).toContain(what)
  })
})
