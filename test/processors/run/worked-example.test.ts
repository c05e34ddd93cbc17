/**
 * The worked example under `kill -9` between every two steps: an order by a route lowers a stock in a table, reads what is
 * left, announces that it is low, and answers; the workflow that listens asks the supplier and tells.
 */
import { describe, expect, it } from '@jest/globals'
import type { RouteTrigger } from '../../../src/model/workflows.ts'
import type { StepAnswer, TableStep, TableSteps } from '../../../src/tables/steps.ts'
import { notifications } from '../../../topics/notifications.ts'
import { ORDERS, REORDER } from '../../workflows/worked-example.ts'
import { createMemoryRun } from './memory-run.ts'

/** The store of one row: a change happens once for each step, whose answer it keeps. */
function createStock(quantity: number) {
  const answers = new Map<string, StepAnswer>()
  const stock = { quantity, changes: 0 }
  const run = ({ stepId, action }: TableStep): Promise<StepAnswer> => {
    if (action.type === 'sql_query') {
      const first = { quantity: stock.quantity }
      return Promise.resolve({ output: { rows: [first], rowCount: 1, first }, isRepeated: false })
    }
    const known = answers.get(stepId)
    if (known !== undefined) return Promise.resolve({ ...known, isRepeated: true })
    stock.changes++
    stock.quantity--
    const row = { sku: 'A1', quantity: stock.quantity }
    const answer = { output: { row, rows: [row], rowCount: 1 }, isRepeated: false }
    answers.set(stepId, answer)
    return Promise.resolve(answer)
  }
  return { stock, tables: { run } satisfies TableSteps }
}

/** Without variables and secrets, which this world does not have. */
function standalone({ actions }: typeof REORDER): object {
  const [ask, tell] = actions
  const { method, body } = ask!.with as { method: string; body: object }
  return {
    actions: [
      { ...ask, with: { method, url: 'http://supplier.test/orders', body } },
      { ...tell, with: { ...tell!.with, channel: 'in-app' } },
    ],
  }
}

/** `crashes`: whether the shard's owner is killed before this step of the world. */
async function order(quantity: number, crashes: (step: number) => boolean) {
  const { stock, tables } = createStock(quantity)
  const memory = createMemoryRun(undefined, { tables })
  const orders = memory.deploy(ORDERS, { trigger: { kind: 'route', method: 'POST', path: '/orders' } as RouteTrigger })
  const reorder = memory.deploy(standalone(REORDER))
  const body = { customer: { id: 'c1' }, sku: { id: 'A1', name: 'Bolt', price: '2.50' }, quantity: 1 }
  memory.command({
    ...{ workflowId: orders.id, runId: 'run_order', scopes: JSON.stringify({ $body: body }) },
    trigger: JSON.stringify({ mode: 'route', triggerKind: 'route' }),
    answerTo: { process: 'api_1', correlation: 1, deadlineMs: 4_000_000_000_000, wants: 'response' },
    callKey: { hash: 'k', bodyHash: 'b' },
  })
  const judged = new Set<string>()
  /** As `admit`: each emit once, by its id. */
  function judge(): boolean {
    const fresh = memory.emits().filter(({ id, step }) => step !== null && !judged.has(id))
    for (const emit of fresh) {
      judged.add(emit.id)
      memory.accept(emit)
      memory.event([reorder], JSON.parse(emit.payload.toString()).data, { depth: emit.depth, path: emit.path })
    }
    return fresh.length > 0
  }
  function commit(): boolean {
    if (!memory.isDirty()) return false
    memory.commit()
    return true
  }
  let step = 0
  for (let quiet = 0; quiet < 3; ) {
    let hasMoved = false
    const moves = [
      () => memory.read(),
      () => memory.breathe().then(() => false),
      () => memory.statementsEnd().then(() => false),
      () => memory.breathe().then(() => false),
      commit,
      () => judge(),
    ]
    for (const move of moves) {
      if (crashes(step++)) memory.crash()
      hasMoved = (await move()) || hasMoved
    }
    quiet = hasMoved ? 0 : quiet + 1
  }
  return { memory, stock, steps: step, emitted: judged.size }
}

const facts = ({ memory, stock, emitted }: Awaited<ReturnType<typeof order>>) => ({
  changes: stock.changes,
  emitted,
  answers: memory
    .answers('api_1')
    .map(({ kind, runId, value }) => [kind, runId, value.status, JSON.parse(value.body).left]),
  ended: memory
    .ended()
    .map(({ mode, status }) => `${mode} ${status}`)
    .sort(),
  keys: new Set(memory.requests.map(({ headers }) => headers['idempotency-key'])).size,
  invoices: memory.emits().filter(({ type }) => type === 'invoice.generated').length,
  notifications: memory.written(notifications.name).length,
  live: memory.journal(),
})

const expected = (left: number) => ({
  changes: 1,
  emitted: left < 50 ? 1 : 0,
  answers: [['responded', 'run_order', 201, left]],
  ended: [...(left < 50 ? ['live succeeded'] : []), 'route succeeded'],
  keys: left < 50 ? 1 : 0,
  invoices: 1,
  notifications: left < 50 ? 1 : 0,
  live: [],
})

describe('an order', () => {
  it.each([52, 51, 50])('of a stock of %d reorders once below 50, and not above', async quantity => {
    expect(facts(await order(quantity, () => false))).toEqual(expected(quantity - 1))
  })

  it('is taken, answered and reordered once, wherever the owner of its shard is killed', async () => {
    const { steps } = await order(50, () => false)
    for (let at = 0; at < steps; at++)
      expect([at, facts(await order(50, step => step === at))]).toEqual([at, expected(49)])
  })

  it('the same when owners are killed again and again', async () => {
    for (const every of [2, 3, 4, 5, 7])
      expect([every, facts(await order(50, step => step < 120 && step % every === every - 1))]).toEqual([
        every,
        expected(49),
      ])
  })
})
