/** An organization with a stock of bolts, the route for orders, workflows that reorder, and a webhook that gets every event. */
import type { Clock, Random } from '../../src/clock.ts'
import { type Calls, createCalls } from '../calls.ts'
import { type Client, DemoError } from '../client.ts'
import { pages } from '../pages.ts'
import type { Receiver } from '../receiver.ts'
import { type Definition, ORDERS, ORDERS_ROUTE, REORDER, REORDER_WORKFLOW } from './definitions.ts'
import type { Supplier } from './supplier.ts'

export interface Run {
  id: string
  status: string
  mode: string
  error: { code: string } | null
  steps: Step[]
}

export interface Step {
  path: string
  status: string
  attempts: number
  branch: string | null
  output: Record<string, unknown> | null
}

export interface Order {
  status: number
  body: { invoice?: string; left?: number; error?: { code: string } }
}

export interface Shop {
  name: string
  calls: Calls
  /** Bolts at the beginning. */
  stock: number
  route: string
  /** Ids of the workflows that listen to `sku_reorder`. */
  workflows: string[]
  webhook: string
  /** The path of the webhook at the demo's receiver. */
  hook: string
  /** How the supplier knows its requests. */
  token: string
  /** An order of one bolt, repeated under its key until there is an answer. */
  order(key: string, extra?: object): Promise<Order>
  /** An order of the draft; undefined where the platform died meanwhile. */
  debugOrder(options?: object, extra?: object): Promise<Run | undefined>
  debugReorder(workflow?: number, options?: object, params?: object): Promise<Run | undefined>
  runs(ofId: string): Promise<Run[]>
}

export interface World {
  base: string
  operator: Client
  receiver: Receiver
  supplier: Supplier
  clock: Clock
  random: Random
  signal: AbortSignal
}

export interface ShopOptions {
  stock: number
  orders?: Definition
  reorders?: Definition[]
}

const PLAN = 'ENTERPRISE'
const CALL_MS = 60_000
const PAUSE_MS = 100
const TIMEOUT_SECONDS = 3_600
/** Longer than a demo: the answer is awaited under the key instead. */
const TRIES_MAX = 1_200

export async function openShop(
  world: World,
  name: string,
  { stock, orders = ORDERS, reorders = [REORDER] }: ShopOptions,
): Promise<Shop> {
  const { base, receiver, supplier, clock, signal } = world
  const slug = `shop-${world.random.bytes(5).toString('hex')}`
  const hook = `/${slug}`
  const { apiKey } = await world.operator.ask<{ apiKey: string }>('POST', '/api/v1/organizations', {
    ...{ name, slug, plan: PLAN, ownerEmail: 'demo@example.test' },
  })
  const calls = createCalls({ base, key: apiKey, clock, signal })
  const token = `token-of-${slug}`
  await stocked(calls, stock)
  await calls.ask('PUT', '/api/v1/variables/SUPPLIER_URL', { value: supplier.url })
  await calls.ask('PUT', '/api/v1/secrets/SUPPLIER_KEY', { value: token })
  const config = { recipients: ['ops@example.com'] }
  await calls.ask('POST', '/api/v1/notifications/channels', { name: 'ops', type: 'email', config })
  const webhook = await calls.ask<{ id: string; secret: string }>('POST', '/api/v1/webhooks', {
    ...{ name: 'everything', url: receiver.url(hook), events: ['*'], retry: { delays: [0, '1s', '5s', '30s'] } },
  })
  receiver.trust(hook, webhook.secret)
  const common = { timeoutSeconds: TIMEOUT_SECONDS }
  const route = await deployed(calls, '/api/v1/routes', {
    ...ORDERS_ROUTE,
    ...common,
    auth: 'none',
    definition: orders,
  })
  const workflows: string[] = []
  for (const definition of reorders)
    workflows.push(await deployed(calls, '/api/v1/workflows', { ...REORDER_WORKFLOW, ...common, definition }))

  async function order(key: string, extra: object = {}): Promise<Order> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key }
    const body = JSON.stringify({ ...ORDER, ...extra })
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      signal.throwIfAborted()
      const answer = await fetch(`${base}/run/${slug}/orders`, {
        ...{ method: 'POST', headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) },
      })
        .then(async taken => ({ status: taken.status, body: (await taken.json()) as Order['body'] }))
        .catch(() => undefined)
      if (answer !== undefined && !COME_AGAIN.includes(answer.status)) return answer
      await clock.sleep(PAUSE_MS)
    }
    throw new DemoError(`the order ${key} was not answered in ${TRIES_MAX} tries`)
  }

  /** A debug run has no key: it is begun once. */
  async function debug(path: string, body: object): Promise<Run | undefined> {
    const answer = await fetch(`${base}${path}/debug`, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' } },
      ...{ body: JSON.stringify(body), signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]) },
    }).catch(() => undefined)
    if (answer === undefined) return undefined
    const { data, error } = (await answer.json().catch(() => ({}))) as { data?: Run; error?: { message: string } }
    if (error !== undefined && answer.status < 500) throw new DemoError(`${path}/debug: ${error.message}`)
    return answer.status === 200 ? data : undefined
  }

  return {
    ...{ name, calls, stock, route, workflows, webhook: webhook.id, hook, token, order },
    debugOrder: (options = {}, extra = {}) =>
      debug(`/api/v1/routes/${route}`, { params: { body: { ...ORDER, ...extra } }, ...options }),
    debugReorder: (workflow = 0, options = {}, params = {}) =>
      debug(`/api/v1/workflows/${workflows[workflow]}`, { params: { sku: SKU, ...params }, ...options }),
    runs: id => pages<Run>(calls, `/api/v1/workflows/runs?workflowId=${id}`),
  }
}

const SKU = 'A1'
const ORDER = { customer: { id: 'c1' }, sku: { id: SKU, name: 'Bolt', price: '2.50' }, quantity: 1 }
/** The platform is away, has too much to do, or still works on it. */
const COME_AGAIN = [429, 503, 504]

async function stocked(calls: Calls, quantity: number): Promise<void> {
  const columns = [
    { name: 'sku', type: 'text', unique: true },
    { name: 'quantity', type: 'integer' },
  ]
  await calls.ask('POST', '/api/v1/tables', { name: 'stock', columns })
  await calls.ask('POST', '/api/v1/tables/stock/rows', { sku: SKU, quantity })
}

async function deployed(calls: Calls, path: string, body: object): Promise<string> {
  const { id } = await calls.ask<{ id: string }>('POST', path, body)
  await calls.ask('POST', `${path}/${id}/deploy`)
  return id
}
