/** The worked example on a whole platform: orders by a route, a stock in a table, and the workflow that reorders. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { untilFound } from '../support/until.ts'
import { ORDERS, REORDER } from '../workflows/worked-example.ts'

let platform: TestPlatform
let supplier: Receiver
beforeAll(async () => {
  platform = await sharedPlatform()
  supplier = await createReceiver({ answer: () => ({ status: 201 }) })
}, 120_000)
afterAll(() => supplier?.close())

interface Run {
  id: string
  workflowId: string
  status: string
  error: { code: string } | null
  chainDepth: number
  steps: Array<{ path: string; status: string; attempts: number }>
}

async function good<T>(call: Promise<{ status: number; body: unknown; data: T }>): Promise<T> {
  const answer = await call
  expect([answer.status < 300, answer.body]).toEqual([true, expect.anything()])
  return answer.data
}

/** An organization with a stock of that many bolts, the route and the workflow. */
async function shop(quantity: number, reorders: object[] = [REORDER]) {
  const organization = await platform.organization('PRO')
  const call: TestOrganization['call'] = organization.call
  const columns = [
    { name: 'sku', type: 'text', unique: true },
    { name: 'quantity', type: 'integer' },
  ]
  await good(call('POST', '/api/v1/tables', { name: 'stock', columns }))
  await good(call('POST', '/api/v1/tables/stock/rows', { sku: 'A1', quantity }))
  await good(call('PUT', '/api/v1/variables/SUPPLIER_URL', { value: supplier.url }))
  await good(call('PUT', '/api/v1/secrets/SUPPLIER_KEY', { value: `key-of-${organization.org.id}` }))
  const config = { recipients: ['ops@example.com'] }
  await good(call('POST', '/api/v1/notifications/channels', { name: 'ops', type: 'email', config }))
  const route = await good(
    call<{ id: string }>('POST', '/api/v1/routes', {
      method: 'POST',
      path: '/orders',
      auth: 'none',
      definition: ORDERS,
    }),
  )
  await good(call('POST', `/api/v1/routes/${route.id}/deploy`))
  const workflows: string[] = []
  for (const definition of reorders) {
    const trigger = { kind: 'event', event: 'sku_reorder' }
    const { id } = await good(
      call<{ id: string }>('POST', '/api/v1/workflows', { name: 'Reorder', trigger, definition }),
    )
    await good(call('POST', `/api/v1/workflows/${id}/deploy`))
    workflows.push(id)
  }
  return {
    call,
    route: route.id,
    workflows,
    /** What the supplier got for this organization. */
    supplied: () =>
      supplier.requests.filter(({ headers }) => headers.authorization === `Bearer key-of-${organization.org.id}`),
    async order(headers: Record<string, string> = {}) {
      const body = { customer: { id: 'c1' }, sku: { id: 'A1', name: 'Bolt', price: '2.50' }, quantity: 1 }
      const answer = await fetch(`${platform.base}/run/${organization.slug}/orders`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers } },
        body: JSON.stringify(body),
      })
      return { status: answer.status, body: (await answer.json()) as { left?: number; invoice?: string } }
    },
    stock: async () => (await good(call<Array<{ quantity: number }>>('GET', '/api/v1/tables/stock/rows')))[0]!.quantity,
    /** The runs of a workflow or route, once so many have ended. */
    async ended(id: string, count: number): Promise<Run[]> {
      for (const deadline = performance.now() + patient(40_000); performance.now() < deadline; await pause(100)) {
        const { data } = await call<Run[]>('GET', `/api/v1/workflows/runs?workflowId=${id}&limit=100`)
        const isOver =
          data.length >= count && data.every(({ status }) => !['queued', 'running', 'waiting'].includes(status))
        if (isOver) return data
      }
      throw new Error(`${count} runs of ${id} never ended`)
    },
  }
}

describe('an order', () => {
  it('leaves 51 and 50 without a word, and at 49 the supplier is asked once and a notification made', async () => {
    const { order, workflows, supplied, ended, stock, call } = await shop(52)
    const answers = [await order(), await order(), await order()]
    expect(answers.map(({ status, body }) => [status, body.left])).toEqual([
      [201, 51],
      [201, 50],
      [201, 49],
    ])
    expect(new Set(answers.map(({ body }) => body.invoice)).size).toBe(3)
    const [run] = await ended(workflows[0]!, 1)
    const data = await untilFound(
      'the run is read',
      async () => (await call<Run>('GET', `/api/v1/workflows/runs/${run!.id}`)).data ?? false,
    )
    expect(data).toMatchObject({ status: 'succeeded', chainDepth: 1 })
    expect(data.steps.map(({ path, status }) => [path, status])).toEqual([
      ['supplier', 'succeeded'],
      ['tell', 'succeeded'],
    ])
    expect(supplied().map(({ path, body }) => [path, body.toString()])).toEqual([['/orders', '{"sku":"A1"}']])
    expect(await stock()).toBe(49)
  }, 120_000)

  it('twice under one key is taken once, and both get one answer', async () => {
    const { order, route, stock, ended } = await shop(60)
    const key = { 'idempotency-key': 'order-7' }
    const [first, second] = await Promise.all([order(key), order(key)])
    expect([first.status, second.body]).toEqual([201, first.body])
    expect(await order(key)).toEqual(first)
    expect([await stock(), (await ended(route, 1)).length]).toEqual([59, 1])
  }, 120_000)

  it('beyond the stock fails, and changes nothing', async () => {
    const { order, stock, ended, route } = await shop(0)
    expect((await order()).status).toBe(500)
    expect(await ended(route, 1)).toMatchObject([{ status: 'failed', error: { code: 'stock_insufficient' } }])
    expect(await stock()).toBe(0)
  }, 120_000)

  it('is answered while the workflow that would reorder is switched off, which starts nothing', async () => {
    const { order, workflows, call, supplied, route, ended } = await shop(50)
    await good(call('POST', `/api/v1/workflows/${workflows[0]}/deactivate`))
    expect((await order()).body.left).toBe(49)
    await ended(route, 1)
    const { data } = await call<Run[]>('GET', `/api/v1/workflows/runs?workflowId=${workflows[0]}&status=succeeded`)
    expect([data, supplied()]).toEqual([[], []])
  }, 120_000)

  it('starts each of two workflows on its event once', async () => {
    const { order, workflows, supplied, ended } = await shop(50, [REORDER, REORDER])
    await order()
    for (const id of workflows) expect(await ended(id, 1)).toMatchObject([{ status: 'succeeded' }])
    const keys = supplied().map(({ headers }) => headers['idempotency-key'])
    expect([keys.length, new Set(keys).size]).toEqual([2, 2])
  }, 120_000)

  it('is answered though the supplier is down; the reorder fails after its attempts under one key', async () => {
    const down = { ...REORDER, actions: REORDER.actions.map(action => ({ ...action })) }
    down.actions[0] = { ...REORDER.actions[0]!, retry: { attempts: 3, firstSeconds: 0.05 } } as never
    supplier.answerWith(() => ({ status: 503 }))
    const { order, workflows, supplied, ended } = await shop(50, [down])
    expect((await order()).status).toBe(201)
    expect(await ended(workflows[0]!, 1)).toMatchObject([{ status: 'failed', error: { code: 'http_status' } }])
    supplier.answerWith(() => ({ status: 201 }))
    expect([supplied().length, new Set(supplied().map(({ headers }) => headers['idempotency-key'])).size]).toEqual([
      3, 1,
    ])
  }, 120_000)

  it('whose event a workflow emits again and again is cut at the tenth round', async () => {
    const emit = {
      key: 'again',
      type: 'create_event',
      with: { event: 'sku_reorder', params: { sku: '{{$param.sku}}' } },
    }
    const { order, workflows, ended } = await shop(50, [{ language: 1, actions: [emit] }])
    await order()
    const runs = await ended(workflows[0]!, 11)
    expect(runs.map(({ status }) => status)).toEqual(['truncated', ...Array(10).fill('succeeded')])
    expect(runs[0]).toMatchObject({ error: { code: 'chain_depth_exceeded' } })
  }, 120_000)
})
