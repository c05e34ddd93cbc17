/** Every variant of the worked example, deployed and in debug, each in a shop of its own. */
import { AGAIN, PERSISTENT, REORDER, THRESHOLD } from './definitions.ts'
import { type Expected, type Line, line, settled } from './ledger.ts'
import { type Order, openShop, type Run, type Shop, type ShopOptions, type World } from './shop.ts'

/** Does what the variant is about, and answers what must be then, with lines of its own. */
type Work = (shop: Shop, world: World) => Promise<{ expected: Expected; lines: Line[] }>

export interface Variant {
  name: string
  options: ShopOptions
  live: Work
  debug: Work
}

/** A chain has an id ten times at most. */
const ROUNDS_MAX = 10
const ATTEMPTS = 3

export const VARIANTS: readonly Variant[] = [
  {
    name: 'stock 51, 50, 49',
    options: { stock: THRESHOLD + 2 },
    async live(shop) {
      const orders = [await shop.order('1'), await shop.order('2'), await shop.order('3')]
      const expected = { ...succeeded(3, 1), orders: 3, reorders: 1, asked: 1, notifications: 1 }
      return { expected, lines: [...lefts(orders, [51, 50, 49])] }
    },
    async debug(shop) {
      const tried = [await shop.debugOrder({ sideEffects: 'mock' })]
      const runs = [await shop.debugOrder(), await shop.debugOrder(), await shop.debugOrder()]
      const reorder = await shop.debugReorder()
      const lines = [
        line('debug orders that announce nothing', 3, [
          [...tried, ...runs].filter(run => branchOf(run) === 'else').length,
        ]),
        line('debug orders that would announce it', 1, [runs.filter(wouldEmit).length]),
        line('steps of the debugged reorder', 2, [stepsOf(reorder).length]),
      ]
      return { expected: { ...debugged(4, 1), orders: 3, asked: 1, notifications: 1 }, lines }
    },
  },
  {
    name: 'the workflow is inactive',
    options: { stock: THRESHOLD },
    async live(shop) {
      await deactivate(shop)
      const orders = [await shop.order('1')]
      return { expected: { orders: 1, reorders: 1, routeRuns: { 'route succeeded': 1 } }, lines: lefts(orders, [49]) }
    },
    async debug(shop) {
      await deactivate(shop)
      const order = await shop.debugOrder()
      await shop.debugReorder()
      const lines = [line('debug orders that would announce it', 1, [Number(wouldEmit(order))])]
      return { expected: { ...debugged(1, 1), orders: 1, asked: 1, notifications: 1 }, lines }
    },
  },
  {
    name: 'two workflows on one event',
    options: { stock: THRESHOLD, reorders: [REORDER, REORDER] },
    async live(shop) {
      const orders = [await shop.order('1')]
      const expected = { ...succeeded(1, 2), orders: 1, reorders: 1, asked: 2, notifications: 2 }
      return { expected, lines: lefts(orders, [49]) }
    },
    async debug(shop) {
      await shop.debugOrder()
      await shop.debugReorder(0)
      await shop.debugReorder(1)
      return { expected: { ...debugged(1, 2), orders: 1, asked: 2, notifications: 2 }, lines: [] }
    },
  },
  {
    name: 'the same order twice under one key',
    options: { stock: THRESHOLD },
    async live(shop) {
      const orders = [...(await Promise.all([shop.order('1'), shop.order('1')])), await shop.order('1')]
      const other = await shop.order('1', { quantity: 2 })
      const lines = [
        line('answers that are the first', 3, [
          orders.filter(({ status, body }) => status === 201 && body.invoice === orders[0]!.body.invoice).length,
        ]),
        line('status of another order under the key', 409, [other.status]),
      ]
      const expected = { ...succeeded(1, 1), orders: 1, reorders: 1, asked: 1, notifications: 1 }
      return { expected, lines: [...lines, ...lefts(orders, [49, 49, 49])] }
    },
    // A debug run has no key: undone effects are what leaves a repetition without consequence.
    async debug(shop) {
      const undone = [await shop.debugOrder({ sideEffects: 'mock' }), await shop.debugOrder({ sideEffects: 'mock' })]
      const lines = [
        line('debug runs that leave nothing', 2, [undone.filter(run => run?.status === 'succeeded').length]),
      ]
      return { expected: { ...debugged(2, 0), orders: 0 }, lines }
    },
  },
  {
    name: 'the supplier is down',
    options: { stock: THRESHOLD, reorders: [PERSISTENT] },
    async live(shop, { supplier }) {
      supplier.answer(shop.token, 503)
      const orders = [await shop.order('1')]
      const expected = { ...succeeded(1, 0), orders: 1, reorders: 1, asked: 1, workflowRuns: { 'live failed': 1 } }
      return { expected, lines: lefts(orders, [49]) }
    },
    async debug(shop, { supplier }) {
      supplier.answer(shop.token, 503)
      const run = await shop.debugReorder()
      const lines = [line('attempts of the debugged step', ATTEMPTS, [stepsOf(run)[0]?.attempts ?? 0])]
      return { expected: { orders: 0, asked: 1, workflowRuns: { 'debug failed': 1 } }, lines }
    },
  },
  {
    name: 'the workflow emits its event again',
    options: { stock: THRESHOLD, reorders: [AGAIN] },
    async live(shop) {
      const orders = [await shop.order('1')]
      const workflowRuns = { 'live succeeded': ROUNDS_MAX, 'live truncated': 1 }
      const expected = { ...succeeded(1, 0), orders: 1, reorders: 1 + ROUNDS_MAX, workflowRuns }
      return { expected, lines: lefts(orders, [49]) }
    },
    async debug(shop) {
      const shown = await shop.debugReorder()
      const emitted = await shop.debugReorder(0, { emit: true })
      const lines = [
        line('debug runs that would emit', 1, [Number(wouldEmit(shown))]),
        line('debug runs that emit', 1, [Number(emitted?.steps[0]?.output?.eventId != null)]),
      ]
      // The debugged run is the first of the ten.
      const workflowRuns = { 'debug succeeded': 2, 'live succeeded': ROUNDS_MAX - 1, 'live truncated': 1 }
      return { expected: { orders: 0, reorders: ROUNDS_MAX, workflowRuns }, lines }
    },
  },
]

export async function runVariant(world: World, variant: Variant, isDebug: boolean): Promise<Line[]> {
  const shop = await openShop(world, variant.name, variant.options)
  const { expected, lines } = await (isDebug ? variant.debug : variant.live)(shop, world)
  const found = await settled(world, shop, expected)
  return [...lines, ...found, ...attempts(variant, expected, shop, world)]
}

/** A supplier that is down is asked three times for each step, and once otherwise. */
function attempts({ options }: Variant, { asked = 0 }: Expected, { token }: Shop, { supplier }: World): Line[] {
  const each = options.reorders?.includes(PERSISTENT) ? ATTEMPTS : 1
  return [line('requests of the supplier', asked * each, [supplier.asked.filter(one => one.token === token).length])]
}

const succeeded = (orders: number, reorders: number): Pick<Expected, 'routeRuns' | 'workflowRuns'> => ({
  routeRuns: { 'route succeeded': orders },
  ...(reorders === 0 ? {} : { workflowRuns: { 'live succeeded': reorders } }),
})

const debugged = (orders: number, reorders: number): Pick<Expected, 'routeRuns' | 'workflowRuns'> => ({
  routeRuns: { 'debug succeeded': orders },
  ...(reorders === 0 ? {} : { workflowRuns: { 'debug succeeded': reorders } }),
})

const lefts = (orders: readonly Order[], expected: readonly number[]): Line[] =>
  orders.map(({ body }, at) => line(`left after order ${at + 1}`, expected[at]!, [body.left ?? Number.NaN]))

const stepsOf = (run: Run | undefined) => run?.steps ?? []
const branchOf = (run: Run | undefined) => stepsOf(run).find(({ path }) => path === 'low')?.branch

/** Whether it shows an event that would be accepted, and has emitted none. */
const wouldEmit = (run: Run | undefined): boolean =>
  stepsOf(run).some(({ output }) => output?.verdict === 'accepted' && output.eventId === null)

async function deactivate({ calls, workflows }: Shop): Promise<void> {
  for (const id of workflows) await calls.ask('POST', `/api/v1/workflows/${id}/deactivate`)
}
