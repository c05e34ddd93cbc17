import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { createSelectorIndex } from '../../src/events/selector.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { attempt, matched, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
let reads: Reads
const organizationId = 'org_types'
const canonical = (name: string, version: string) => ({
  name,
  canonicalName: `TENANT_CUSTOM:${organizationId}:${name}@${version}`,
})
const platform = (origin: string, name: string) => ({
  name,
  canonicalName: `${origin}:${organizationId}:${name}@1`,
  channel: 'platform' as const,
})

const emits = [
  canonical('shop.order', '1.0.0'),
  canonical('shop.order', '1.1.0'),
  canonical('shop.order.paid', '1.0.0'),
  canonical('shop-2.order', '1.0.0'),
  canonical('shop_2.order', '1.0.0'),
  { ...canonical('platformxe.generic', '1.0.0'), kind: 'user.signed_up' },
  { ...canonical('platformxe.generic', '1.0.0'), kind: 'other' },
  platform('PLATFORM', 'instance.created'),
  platform('PLATFORM_LIFECYCLE', 'WEBHOOK_CREATED'),
].map((facts, n) => matched(n + 1, ['wh_a'], [], { organizationId, ...facts }))
const refused = ['Foo', 'shop.order@1.0.0', ''].map((name, n) =>
  verdict(n + 50, {
    organizationId,
    name,
    canonicalName: null,
    verdict: 'rejected',
    code: 'event_not_registered',
    eventId: null,
  }),
)

beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
  const attempts = emits
    .filter((_, n) => n % 2 === 0)
    .map(emit => attempt(emit, 'wh_a', deliveryId(emit.eventId!, 'wh_a')))
  await insertAudit(client, 0, {
    verdicts: [...emits, ...refused],
    attempts: attempts.map(each => ({ ...each, organizationId })),
  })
})
afterAll(() => client.close())

const SELECTORS = [
  '*',
  'shop.*',
  'shop-2.*',
  'shop_2.*',
  'shop.order',
  'shop.order@1.0.0',
  'shop.order@1.1.0',
  'shop.order@2.0.0',
  'shop.order.paid@1.0.0',
  'order.paid',
  'platformxe.generic',
  'platformxe.*',
  'instance.created',
  'InstanceCreated',
  'WEBHOOK_CREATED',
  `TENANT_CUSTOM:${organizationId}:shop.order@1.1.0`,
  'TENANT_CUSTOM:org_other:shop.order@1.1.0',
  `PLATFORM:${organizationId}:instance.created@1`,
]

/** The part of these that a webhook with this selector would get. */
function selected(selector: string, of: typeof emits): string[] {
  const index = createSelectorIndex([{ selectors: [selector], value: true }])
  const wanted = of.filter(
    ({ name, canonicalName, kind }) => index.match({ type: name, canonicalName: canonicalName!, kind }).length > 0,
  )
  return wanted.map(each => each.emitId).reverse()
}

describe('the filter of deliveries by type', () => {
  const list = async (type: string, status?: 'success' | 'pending') => {
    const { items } = await reads.listDeliveries({
      organizationId,
      environment: 'live',
      webhookId: 'wh_a',
      type,
      status,
      limit: 50,
    })
    return items.map(each => each.emitId)
  }

  it.each(SELECTORS)('finds the events that a webhook with the selector would get: %s', async selector => {
    expect(await list(selector)).toEqual(selected(selector, emits))
    expect((await list(selector, 'success')).length + (await list(selector, 'pending')).length).toBe(
      selected(selector, emits).length,
    )
  })

  it.each(['orders', 'shop.order@1', 'Foo', '', 'platformxe.generic#other'])(
    'is refused when it is none: %j',
    async type => {
      await expect(list(type)).rejects.toMatchObject({
        code: 'validation_failed',
        details: [{ path: '/type', rule: 'selector' }],
      })
    },
  )
})

describe('the filter of emits by name', () => {
  const list = async (name: string, status?: 'RELAYED') => {
    const { items } = await reads.listEmits({ organizationId, environment: 'live', name, status, limit: 50 })
    return items.map(each => each.emitId)
  }
  it.each(SELECTORS.filter(each => each !== '*'))(
    'finds what a selector selects, emits of the platform too: %s',
    async selector => {
      const isNamed = (name: string) =>
        name === selector || (selector.endsWith('.*') && name.startsWith(selector.slice(0, -1)))
      const literal = refused.filter(each => isNamed(each.name)).map(each => each.emitId)
      expect(await list(selector)).toEqual([...literal, ...selected(selector, emits)])
    },
  )

  it('finds all by *, and those of a kind', async () => {
    expect(await list('*')).toHaveLength(emits.length + refused.length)
    expect(await list('platformxe.generic#other')).toEqual([emits[6]!.emitId])
  })

  it('finds a refused emit by its requested name, valid or not', async () => {
    expect(await list('Foo')).toEqual([refused[0]!.emitId])
    expect(await list("x' OR 1=1 --")).toEqual([])
  })

  it('goes together with a state', async () => {
    expect(await list('shop.*', 'RELAYED')).toEqual(selected('shop.*', emits))
    expect(await list('shop.order@1.1.0', 'RELAYED')).toEqual(selected('shop.order@1.1.0', emits))
  })
})
