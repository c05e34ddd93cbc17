/** The statements about runs, queues and the reference domain, against evidence in which one thing is wrong. */
import { expect, it } from '@jest/globals'
import { createFindings } from '../../faults/findings.ts'
import { isWorkDone, proveWork, type WorkEvidence } from '../../faults/prove-work.ts'

const generic = (id: string, kind: string, n: number) => ({
  id,
  type: 'platformxe.generic',
  data: { kind, data: { n } },
})
const announced = (type: string, n: number) => ({ id: `${type}-${n}`, type, data: {} })

function facts() {
  return {
    log: [
      ...[
        generic('evt_1', 'work', 1),
        generic('evt_2', 'work', 2),
        generic('evt_3', 'done', 1),
        generic('evt_4', 'done', 2),
      ],
      ...[announced('invoice.generated', 1), announced('invoice.generated', 2)],
      ...['order.created', 'order.provisioned', 'resource.created'].map(type => announced(type, 1)),
    ],
    ends: [
      { runId: 'run_1', eventId: 'evt_1', status: 'succeeded' },
      { runId: 'run_2', eventId: 'evt_2', status: 'succeeded' },
    ],
    invoices: [
      { id: 'inv_2', number: 2 },
      { id: 'inv_1', number: 1 },
    ],
    orders: [{ id: 'ord_1', status: 'provisioned' }],
    stock: [{ quantity: 98 }],
    taken: [
      { n: 1, twice: 2 as number | null },
      { n: 2, twice: null as number | null },
    ],
    emitted: new Set([1, 2]),
    answered: new Map([
      ['run_1/ask', [200]],
      ['run_2/ask', [503, 200]],
    ]),
    acked: new Set(['evt_3', 'evt_4']),
    received: new Map([
      ['evt_3', 2],
      ['evt_4', 1],
    ]),
    afterAck: [] as string[],
  }
}

/** Of the ordered queue, which histories.test.ts is about. */
const NO_HISTORIES = { ready: 0, inFlight: 0, delayed: 0, held: 0, dead: 0, handedOut: 0, acked: 0 }

function evidenceOf(given: ReturnType<typeof facts>): WorkEvidence {
  const answer = (data: unknown) => ({ status: 200, body: { data, meta: { nextCursor: null } } })
  const call = async (_key: string, _method: string, path: string) => {
    if (path.includes('/events?')) return answer(given.log)
    if (path.includes('/tables/')) return answer(path.includes('/stock/') ? given.stock : given.taken)
    return answer(path.includes('/invoices') ? given.invoices : given.orders)
  }
  const { acked, received, afterAck, emitted } = given
  const work = {
    ...{ id: 'org_1', apiKey: 'k', workflowId: 'wf_1', queueId: 'que_1', stock: 100, emitted },
    ...{ consumed: { acked, received, afterAck }, supplier: { answered: given.answered } },
    ...{ invoices: new Map([['invoice-1', 'inv_1']]), orders: new Map([['order-1', 'ord_1']]) },
    histories: { queueId: 'que_2', receipts: [], ackSentMs: new Map(), ackedMs: new Map() },
  }
  return {
    world: { call, surely: async () => NO_HISTORIES },
    work,
    analytics: { query: async () => given.ends },
  } as never
}

async function wrong(change: (given: ReturnType<typeof facts>) => void): Promise<string[]> {
  const given = facts()
  change(given)
  const findings = createFindings()
  await proveWork(findings, evidenceOf(given))
  return findings.list().flatMap(({ what, wrong: count }) => (count > 0 ? [what] : []))
}

it('all hold where nothing is wrong, and then the work is done', async () => {
  expect(await wrong(() => undefined)).toEqual([])
  expect(await isWorkDone(evidenceOf(facts()))).toBe(true)
})

it.each<[string, string, (given: ReturnType<typeof facts>) => void]>([
  ['a run that was lost', 'each event has started one run, which has ended', ({ ends }) => void ends.pop()],
  [
    'a run that came twice',
    'each event has started one run, which has ended',
    ({ ends }) => void ends.push({ ...ends[0]!, runId: 'run_3' }),
  ],
  ['a run that failed', 'runs have succeeded', ({ ends }) => void Object.assign(ends[0]!, { status: 'failed' })],
  [
    'an emit that is not in the log',
    'events that start runs are in the log once acknowledged',
    ({ emitted }) => void emitted.add(3),
  ],
  [
    'an event emitted twice',
    'each run has emitted its event once',
    ({ log }) => void log.push(generic('evt_5', 'done', 1)),
  ],
  [
    'a request of no run',
    'requests of steps carry the key of one step',
    ({ answered }) => void answered.set('run_9/ask', [200]),
  ],
  [
    'an event that was not acked',
    'each event of a queue was handed out and acked',
    ({ acked }) => void acked.delete('evt_4'),
  ],
  [
    'one that came after its ack',
    'nothing comes again after its ack was answered',
    ({ afterAck }) => void afterAck.push('evt_3'),
  ],
  ['a change that came twice', 'the stock is less by one for each run', ({ stock }) => void stock[0]!.quantity--],
  ['a row that came twice', 'each run has noted its number once', ({ taken }) => void taken.push({ ...taken[0]! })],
  ['a row of no run', 'no row is of no run', ({ taken }) => void taken.push({ n: 9, twice: 18 })],
  [
    'a wrong answer',
    'code answers what it computes, or fails',
    ({ taken }) => void Object.assign(taken[0]!, { twice: 3 }),
  ],
  [
    'a gap in the invoices',
    'invoices have dense numbers',
    ({ invoices }) => void Object.assign(invoices[0]!, { number: 3 }),
  ],
  [
    'an invoice that is gone',
    'acknowledged invoices are there',
    ({ invoices }) => void Object.assign(invoices[1]!, { id: 'inv_9' }),
  ],
  [
    'an order that is not provisioned',
    'acknowledged orders are provisioned',
    ({ orders }) => void Object.assign(orders[0]!, { status: 'created' }),
  ],
  [
    'a transition announced twice',
    'each transition is announced once',
    ({ log }) => void log.push(announced('order.created', 2)),
  ],
])('%s is found', async (_what, statement, change) => {
  expect(await wrong(change)).toContain(statement)
})
