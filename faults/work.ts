/**
 * The work of one organization while everything is broken: events that start runs, whose events a queue hands out, and calls
 * of the reference domain; a second queue has histories of its own. It is apart from the others, so that what it makes is counted here alone.
 */
import type { Clock } from '../src/clock.ts'
import type { Chance } from './chance.ts'
import { type Consumed, createConsumers } from './consumers.ts'
import { type Histories, startHistories } from './histories.ts'
import { type Supplier, startSupplier } from './supplier.ts'
import type { World } from './world.ts'

export interface Work {
  id: string
  apiKey: string
  workflowId: string
  /** Runs take one each. */
  stock: number
  queueId: string
  /** Numbers that an acknowledged emit had. */
  emitted: ReadonlySet<number>
  /** What an acknowledged call of the domain has made, by its key: ids. */
  invoices: ReadonlyMap<string, string>
  orders: ReadonlyMap<string, string>
  consumed: Consumed
  histories: Histories
  supplier: Supplier
  /** Nothing new is begun; resolves when what is under way has been answered. */
  stop(): Promise<void>
  /** Consumers go on until all of it was acked, or time is over; then nothing is under way any more. */
  drain(isDone: () => Promise<boolean>, withinMs: number): Promise<void>
  close(): Promise<void>
}

const PERIOD_MS = 200
const PERSIST_MS = 60_000
const EVERY_ORDER = 3
/** Then the domain has enough: of orders that have ended the newest 1,000 stay. */
const DOMAIN_MAX = 900
const POLL_MS = 500

export async function startWork({
  world,
  clock,
  chance,
}: {
  world: World
  clock: Clock
  chance: Chance
}): Promise<Work> {
  const supplier = await startSupplier(() => chance.happens(0.1))
  const { id, apiKey } = await world.outsider('ENTERPRISE')
  const make = <T>(path: string, body: object) => world.surely<T & { id: string }>(apiKey, 'POST', path, body)
  const queue = await make<object>('/api/v1/queues', QUEUE)
  for (const table of TABLES) await world.surely(apiKey, 'POST', '/api/v1/tables', table, 'table_exists')
  // An answer that was lost may have filled it: another part then refuses the same one.
  await world.surely(apiKey, 'POST', '/api/v1/tables/stock/rows', FULL, 'constraint_violated')
  const workflow = await make<object>('/api/v1/workflows', workflowOf(supplier.url))
  const isDeployed = 'workflow_nothing_to_deploy'
  await world.surely(apiKey, 'POST', `/api/v1/workflows/${workflow.id}/deploy`, {}, isDeployed)
  const emitted = new Set<number>()
  const invoices = new Map<string, string>()
  const orders = new Map<string, string>()
  const underWay = new Set<Promise<void>>()
  const consumers = createConsumers({ world, clock, apiKey, queueId: queue.id })
  const histories = await startHistories({
    ...{ world, clock, apiKey, chance: chance.fork('histories') },
    emit: body => persistently('/api/v1/events/custom/emit', body),
  })
  let isStopped = false
  let n = 0
  const loop = begin()

  async function begin(): Promise<void> {
    while (!isStopped) {
      const number = ++n
      track(emit(number))
      if (number <= DOMAIN_MAX) track(domain('/api/v1/invoices', `invoice-${number}`, INVOICE, invoices))
      if (number <= DOMAIN_MAX && number % EVERY_ORDER === 0)
        track(domain('/api/v1/orders', `order-${number}`, ORDER, orders))
      await clock.sleep(PERIOD_MS)
    }
  }

  function track(work: Promise<void>): void {
    const tracked = work.catch(() => undefined).finally(() => underWay.delete(tracked))
    underWay.add(tracked)
  }

  async function emit(number: number): Promise<void> {
    const payload = { kind: 'work', data: { n: number } }
    const body = { name: 'platformxe.generic', payload, idempotencyKey: `work-${number}` }
    const answer = await persistently('/api/v1/events/custom/emit', body)
    if (answer !== undefined) emitted.add(number)
  }

  async function domain(path: string, key: string, body: object, made: Map<string, string>): Promise<void> {
    const answer = await persistently<{ id: string }>(path, body, { 'idempotency-key': key })
    if (answer !== undefined) made.set(key, answer.id)
  }

  /** Repeats under one key what was not answered; undefined after a minute. */
  async function persistently<T>(path: string, body: object, headers = {}): Promise<T | undefined> {
    const deadlineMs = clock.monotonicMs() + PERSIST_MS
    while (clock.monotonicMs() < deadlineMs) {
      const answer = await world.call(apiKey, 'POST', path, body, headers).catch(() => undefined)
      if (answer !== undefined && answer.status < 300) return answer.body.data as T
      await clock.sleep(200 + 600 * chance.next())
    }
    return undefined
  }

  return {
    ...{ id, apiKey, workflowId: workflow.id, queueId: queue.id, stock: FULL.quantity },
    ...{ emitted, invoices, orders, supplier },
    consumed: consumers.consumed,
    histories,
    async stop() {
      isStopped = true
      histories.drain()
      await loop
      await Promise.all(underWay)
    },
    async drain(isDone, withinMs) {
      const deadlineMs = clock.monotonicMs() + withinMs
      while (!(await isDone().catch(() => false)) && clock.monotonicMs() < deadlineMs) await clock.sleep(POLL_MS)
      await Promise.all([consumers.stop(), histories.stop()])
    },
    async close() {
      isStopped = true
      await Promise.all([consumers.stop(), histories.stop()])
      await supplier.close()
    },
  }
}

/** Several receives of a message follow from strikes alone: none of them may make it dead. */
const QUEUE = { name: 'done', selectors: ['platformxe.generic#done'], visibilityTimeoutSeconds: 10, maxReceives: 1_000 }
const INVOICE = { customer_id: 'c1', currency: 'EUR', lines: [{ quantity: 1, unit_price: '19.99' }] }
const ORDER = { customer_id: 'c1', items: [{ sku: 'a', quantity: 1 }] }

const TABLES = [
  {
    name: 'stock',
    columns: [
      { name: 'part', type: 'text', unique: true },
      { name: 'quantity', type: 'integer' },
    ],
  },
  {
    name: 'taken',
    columns: [
      { name: 'n', type: 'integer' },
      { name: 'twice', type: 'integer' },
    ],
  },
]
const FULL = { part: 'bolt', quantity: 1_000_000 }
/** Longer than the database is away, and a process with it. */
const AGAIN = { attempts: 5, firstSeconds: 2 }

/** Each step has its effect in another way: in a sandbox, in PostgreSQL, outside, in the log. */
const workflowOf = (supplierUrl: string) => ({
  name: 'work',
  trigger: { kind: 'event', event: 'work' },
  timeoutSeconds: 3_600,
  definition: {
    language: 1,
    actions: [
      {
        ...{ key: 'compute', type: 'custom_code', onError: 'continue', retry: { attempts: 5, firstSeconds: 1 } },
        with: { code: 'return input.n * 2', input: { n: '{{$param.n}}' } },
      },
      {
        ...{ key: 'take', type: 'table_update', retry: AGAIN },
        with: { table: 'stock', where: { part: 'bolt' }, increment: { quantity: -1 }, min: 0 },
      },
      {
        ...{ key: 'note', type: 'table_insert', retry: AGAIN },
        with: { table: 'taken', values: { n: '{{$param.n}}', twice: "{{$action['compute'].value | default: null}}" } },
      },
      {
        ...{ key: 'ask', type: 'http_request', onError: 'continue', retry: { attempts: 5, firstSeconds: 0.5 } },
        with: { method: 'POST', url: supplierUrl, body: { n: '{{$param.n}}' } },
      },
      {
        key: 'done',
        type: 'create_event',
        with: { event: 'done', params: { n: '{{$param.n}}' } },
        retry: { attempts: 5 },
      },
    ],
  },
})
