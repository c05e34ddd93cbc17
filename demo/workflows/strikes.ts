/** `kill -9` of the platform between every two steps, and under orders without pause. */
import { DemoError, until } from '../client.ts'
import { GATED_ORDERS, GATED_REORDER, gatesOf, THRESHOLD } from './definitions.ts'
import { type Expected, type Line, line, settled } from './ledger.ts'
import { type Order, openShop, type World } from './shop.ts'

export interface StruckWorld extends World {
  /** Kills the platform, and resolves when it is ready again. */
  strike(): Promise<void>
}

const HELD_WITHIN_MS = 60_000
const POLL_MS = 50
const STEADY_ORDERS = 150
/** The last 25 of them leave fewer than 50. */
const STEADY_STOCK = THRESHOLD + STEADY_ORDERS - 25
const STEADY_AT_ONCE = 12
/** Shares of the orders that are answered when the platform is killed. */
const STEADY_STRIKES = [0.3, 0.65]

/**
 * An order for each gap between two steps is held there: of the route and of the workflow that reorders, deployed and in debug. The
 * platform is killed while all of them wait, once more while the repeated requests wait, and a third time while their answers come in.
 */
export async function strikeBetweenSteps(world: StruckWorld): Promise<Line[]> {
  const { supplier } = world
  const options = { stock: 40, orders: GATED_ORDERS, reorders: [GATED_REORDER] }
  const live = await openShop(world, 'killed', options)
  const debug = await openShop(world, 'killed in debug', options)
  const [ofRoute, ofWorkflow] = [gatesOf(GATED_ORDERS), gatesOf(GATED_REORDER)]
  const inLive = holdAll([...ofRoute, ...ofWorkflow], 'live')
  const inDebug = { orders: holdAll(ofRoute, 'debug'), reorders: holdAll(ofWorkflow, 'debug-reorder') }
  const orders = inLive.map(order => live.order(order, { order }))
  const debugs = [
    ...inDebug.orders.map(order => debug.debugOrder({}, { order })),
    ...inDebug.reorders.map(order => debug.debugReorder(0, {}, { order })),
  ]
  const places = inLive.length + debugs.length
  for (let strikes = 0; strikes < 2; strikes++) {
    await untilHeld(world, places)
    await world.strike()
  }
  await untilHeld(world, places)
  supplier.release()
  await world.strike()
  await Promise.all(debugs)
  const answers = await Promise.all(orders)
  const gates =
    (inLive.length + inDebug.orders.length) * ofRoute.length +
    (inLive.length + inDebug.reorders.length) * ofWorkflow.length
  return [
    line('places between steps', 2 * (ofRoute.length + ofWorkflow.length), [places]),
    ...answered(answers, live.stock),
    ...(await settled(world, live, liveExpected(answers))),
    ...(await settled(world, debug, debugExpected(inDebug))).map(each => ({ ...each, name: `debug: ${each.name}` })),
    // Each of them may have come again; its key is that of one step.
    line('requests between steps, by their keys', gates, [supplier.gateRequests.size]),
  ]

  /** Orders of which each is held at another gate. */
  function holdAll(gates: readonly string[], name: string): string[] {
    return gates.map((gate, at) => {
      supplier.hold(`${name}-${at}`, gate)
      return `${name}-${at}`
    })
  }
}

async function untilHeld({ supplier, clock, signal }: World, count: number): Promise<void> {
  const all = await until(clock, HELD_WITHIN_MS, POLL_MS, async () => {
    signal.throwIfAborted()
    return supplier.waiting() === count ? true : undefined
  })
  if (!all) throw new DemoError(`${supplier.waiting()} of ${count} runs wait between their steps`)
}

/** Orders without gates, many at once, while the platform is killed twice. */
export async function strikeUnderLoad(world: StruckWorld): Promise<Line[]> {
  const shop = await openShop(world, 'killed under load', { stock: STEADY_STOCK })
  const answers: Order[] = []
  const strikes = STEADY_STRIKES.map(share => Math.floor(share * STEADY_ORDERS))
  let striking: Promise<void> = Promise.resolve()
  let next = 0
  const customer = async () => {
    for (let n = next++; n < STEADY_ORDERS; n = next++) {
      answers.push(await shop.order(`order-${n}`))
      if (strikes.includes(answers.length)) striking = world.strike()
    }
  }
  await Promise.all(Array.from({ length: STEADY_AT_ONCE }, customer))
  await striking
  return [...answered(answers, shop.stock), ...(await settled(world, shop, liveExpected(answers)))]
}

/** Every order has one invoice, and no two orders the same. */
function answered(orders: readonly Order[], stock: number): Line[] {
  const taken = orders.filter(({ status }) => status === 201)
  return [
    line('orders that were answered 201', orders.length, [taken.length]),
    line('invoices that were answered', orders.length, [new Set(taken.map(({ body }) => body.invoice)).size]),
    line('the least that was left', stock - orders.length, [Math.min(...taken.map(({ body }) => body.left!))]),
  ]
}

/** An order whose answer says that fewer than 50 are left has announced it. */
function liveExpected(answers: readonly Order[]): Expected {
  const reorders = answers.filter(({ body }) => (body.left ?? THRESHOLD) < THRESHOLD).length
  return {
    ...{ orders: answers.length, reorders, asked: reorders, notifications: reorders },
    routeRuns: { 'route succeeded': answers.length },
    workflowRuns: { 'live succeeded': reorders },
  }
}

const debugExpected = ({ orders, reorders }: { orders: string[]; reorders: string[] }): Expected => ({
  ...{ orders: orders.length, asked: reorders.length, notifications: reorders.length },
  routeRuns: { 'debug succeeded': orders.length },
  workflowRuns: { 'debug succeeded': reorders.length },
})
