import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createFairQueue } from '../../src/delivery/fair-queue.ts'

const LIMITS = { maxInFlight: 6, maxInFlightPerOrganization: 4, maxWaitingPerWebhook: 3 }
const ORGANIZATIONS = ['a', 'b', 'c']
const organizationOf = (webhookId: string) => webhookId[0]!

interface Item {
  webhookId: string
  number: number
}

/** The promises in their plainest form: lists searched from end to end. */
function createModel() {
  const webhooks = new Map<
    string,
    { waiting: Item[]; inFlight: number; max: number; servedAt: number; readySince: number }
  >()
  const servedAt = new Map<string, number>()
  const readySince = new Map<string, number>()
  let tick = 0
  const of = (id: string) => {
    if (!webhooks.has(id))
      webhooks.set(id, { waiting: [], inFlight: 0, max: 1, servedAt: -1, readySince: Number.POSITIVE_INFINITY })
    return webhooks.get(id)!
  }
  const inFlightOf = (organization: string) =>
    [...webhooks]
      .filter(([id]) => organizationOf(id) === organization)
      .reduce((sum, [, lane]) => sum + lane.inFlight, 0)
  const total = () => ORGANIZATIONS.reduce((sum, organization) => sum + inFlightOf(organization), 0)
  const ready = (id: string) => of(id).waiting.length > 0 && of(id).inFlight < of(id).max
  const readyOrganization = (organization: string) =>
    inFlightOf(organization) < LIMITS.maxInFlightPerOrganization &&
    [...webhooks.keys()].some(id => organizationOf(id) === organization && ready(id))

  /** Notes since when each has been able to start something without a break. */
  function note() {
    tick += 1
    for (const [id, lane] of webhooks)
      lane.readySince = ready(id) ? Math.min(lane.readySince, tick) : Number.POSITIVE_INFINITY
    for (const organization of ORGANIZATIONS) {
      const since = readySince.get(organization) ?? Number.POSITIVE_INFINITY
      readySince.set(organization, readyOrganization(organization) ? Math.min(since, tick) : Number.POSITIVE_INFINITY)
    }
  }

  return {
    of,
    total,
    inFlightOf,
    note,
    anyReady: () => total() < LIMITS.maxInFlight && ORGANIZATIONS.some(readyOrganization),
    /** An owner that was ready before the chosen one's last turn, and has been since, should have had its turn in between. */
    overtaken(item: Item): string[] {
      const organization = organizationOf(item.webhookId)
      const lane = of(item.webhookId)
      const late = [...webhooks].filter(
        ([id, other]) =>
          organizationOf(id) === organization &&
          id !== item.webhookId &&
          other.readySince < lane.servedAt &&
          other.servedAt < lane.servedAt,
      )
      const last = servedAt.get(organization) ?? -1
      const lateOrganizations = ORGANIZATIONS.filter(
        other => other !== organization && readySince.get(other)! < last && (servedAt.get(other) ?? -1) < last,
      )
      return [...late.map(([id]) => id), ...lateOrganizations]
    },
    served(item: Item) {
      const lane = of(item.webhookId)
      lane.waiting.shift()
      lane.inFlight += 1
      lane.servedAt = tick
      servedAt.set(organizationOf(item.webhookId), tick)
    },
  }
}

const webhook = fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2', 'c1')
const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('offer' as const),
        webhookId: webhook,
        max: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('done' as const), which: fc.nat() }) },
  ),
  { minLength: 100, maxLength: 200, size: 'max' },
)

describe('lanes', () => {
  it('keep order, limits and turns, and never leave a usable slot empty', () => {
    fc.assert(
      fc.property(steps, sequence => {
        const lanes = createFairQueue<Item>(LIMITS)
        const model = createModel()
        const inFlight: Item[] = []
        let number = 0
        for (const step of sequence) {
          if (step.do === 'offer') {
            const lane = model.of(step.webhookId)
            const item = { webhookId: step.webhookId, number: ++number }
            lane.max = step.max
            const full = lane.waiting.length === LIMITS.maxWaitingPerWebhook
            expect(lanes.offer(organizationOf(step.webhookId), step.webhookId, step.max, item)).toBe(
              full ? 'full' : 'taken',
            )
            if (!full) lane.waiting.push(item)
          } else if (step.do === 'take') {
            const expected = model.anyReady()
            const item = lanes.take()
            expect(item !== undefined).toBe(expected)
            if (!item) continue
            const lane = model.of(item.webhookId)
            expect(item).toBe(lane.waiting[0])
            expect(model.overtaken(item)).toEqual([])
            model.served(item)
            inFlight.push(item)
            expect(lane.inFlight).toBeLessThanOrEqual(lane.max)
            expect(model.inFlightOf(organizationOf(item.webhookId))).toBeLessThanOrEqual(
              LIMITS.maxInFlightPerOrganization,
            )
          } else if (inFlight.length > 0) {
            const [item] = inFlight.splice(step.which % inFlight.length, 1)
            lanes.done(item!.webhookId)
            model.of(item!.webhookId).inFlight -= 1
          }
          model.note()
          expect(lanes.counts().inFlight).toBe(model.total())
        }
        for (const id of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) {
          expect([lanes.waiting(id), lanes.inFlight(id)]).toEqual([model.of(id).waiting.length, model.of(id).inFlight])
        }
      }),
      { numRuns: 200 },
    )
  })

  it('give each of two organizations every other turn, however many webhooks one has', () => {
    const lanes = createFairQueue<string>({
      maxInFlight: 100,
      maxInFlightPerOrganization: 100,
      maxWaitingPerWebhook: 100,
    })
    for (let n = 0; n < 10; n++) lanes.offer('a', `a${n}`, 10, 'a')
    for (let n = 0; n < 3; n++) lanes.offer('b', 'b1', 10, 'b')
    expect(Array.from({ length: 8 }, () => lanes.take()).join('')).toBe('abababaa')
  })

  it('remember nothing of a webhook that has nothing waiting and nothing in flight', () => {
    const lanes = createFairQueue<number>({
      maxInFlight: 100,
      maxInFlightPerOrganization: 100,
      maxWaitingPerWebhook: 100,
    })
    for (let n = 0; n < 50; n++) lanes.offer(`org_${n}`, `wh_${n}`, 1, n)
    while (lanes.take() !== undefined);
    for (let n = 0; n < 50; n++) lanes.done(`wh_${n}`)
    expect(lanes.counts()).toEqual({ waiting: 0, inFlight: 0, webhooks: 0 })
  })

  it('forget removed deliveries, and go on as if they had never waited', () => {
    const item = fc.record({
      organization: fc.constantFrom('a', 'b'),
      webhook: fc.integer({ min: 1, max: 3 }),
      kept: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 40 }),
        fc.nat(10),
        fc.array(item, { maxLength: 10 }),
        (before, taken, after) => {
          const lanes = createFairQueue<{ kept: boolean; id: string }>({ ...LIMITS, maxWaitingPerWebhook: 100 })
          const offer = ({ organization, webhook, kept }: (typeof before)[number]) =>
            lanes.offer(organization, `${organization}${webhook}`, 2, { kept, id: `${organization}${webhook}` })
          before.forEach(offer)
          const flying = Array.from({ length: taken }, () => lanes.take()).filter(one => one !== undefined)
          lanes.retain(one => one.kept)
          after.forEach(offer)
          const out: Array<{ kept: boolean; id: string }> = []
          for (const one of flying) lanes.done(one.id)
          for (let next = lanes.take(); next; next = lanes.take()) {
            out.push(next)
            lanes.done(next.id)
          }
          const keptBefore = before.filter(one => one.kept).length - flying.filter(one => one.kept).length
          expect(out).toHaveLength(keptBefore + after.length)
          expect(lanes.counts()).toEqual({ waiting: 0, inFlight: 0, webhooks: 0 })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('find the next item among 10,000 blocked webhooks without searching them', () => {
    const lanes = createFairQueue<string>({
      maxInFlight: 20_000,
      maxInFlightPerOrganization: 20_000,
      maxWaitingPerWebhook: 10,
    })
    for (let n = 0; n < 10_000; n++) for (const item of ['first', 'second']) lanes.offer('a', `wh_${n}`, 1, item)
    for (let n = 0; n < 10_000; n++) expect(lanes.take() === 'first').toBe(true)
    expect(lanes.take()).toBeUndefined()
    lanes.done('wh_5000')
    expect([lanes.take(), lanes.take()]).toEqual(['second', undefined])
  })
})
