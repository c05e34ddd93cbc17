/** Looks at what the platform really holds: a registration in memory, payloads in ClickHouse, hashes of callers. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createShapeReads } from '../../src/analytics/read/shape-reads.ts'
import { watchMaterialisation } from '../../src/control-plane/drift/materialisation.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { createPayloadShapes } from '../../src/ledger/payload-shapes.ts'
import type { DriftFinding } from '../../src/model/drift.ts'
import { NOON, verdict } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { clock, logger, random } from '../control-plane/control-plane-harness.ts'
import { until } from '../support/until.ts'
import { openTestApi, type TestApi } from './api-harness.ts'
import { type Org, published } from './federation-calls.ts'

const HOUR_MS = 3_600_000
const FINDINGS = '/api/v1/drift/findings'
const open = { type: 'object', properties: { id: { type: 'string' } } }

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

async function untilFound(org: Org, kind: string, status: string): Promise<DriftFinding> {
  const { data } = await until(
    () => org.call('GET', `${FINDINGS}?kind=${kind}&status=${status}`),
    found => found.data.length > 0,
  )
  return data[0]
}

it('a registration that this process holds otherwise than its log is found by the clock, taken again, and over', async () => {
  const org = await api.organization('PRO')
  const { id, schemaHash } = await published(org, 'order.made', org.slug, structuredClone(open))
  const { view, wire } = api
  const pages = createLogPages({ wire, clock })
  const watch = watchMaterialisation({ view, pages, drift: api.controlPlane.drift, clock, random, logger, everyMs: 50 })
  try {
    Object.assign(view.find('registration', org.id, id)!.payloadSchema, { required: ['nobody'] })
    const found = await untilFound(org, 'materialisation', 'resolved')
    expect(found).toMatchObject({
      ...{ severity: 'warning', entityId: id, expected: { schemaHash, status: 'published' } },
      ...{ actual: { difference: 'schemaHash', times: 1 }, diff: [{ path: '/schemaHash', change: 'differs' }] },
    })
    expect(view.find('registration', org.id, id)!.payloadSchema).toEqual(open)
    expect((await api.operator('GET', `${FINDINGS}?entity=${id}`)).data).toMatchObject([{ id: found.id }])
  } finally {
    await watch.close()
  }
})

describe('payloads in the history', () => {
  const shapesAt = (nowMs: number) =>
    createPayloadShapes({
      reads: createShapeReads(api.analytics),
      ...{ view: api.view, drift: api.controlPlane.drift, shards: 1 },
      clock: { ...clock, nowMs: () => nowMs },
    })
  let written = 0
  const emitted = (org: Org, fromMs: number, count: number, payload: object, more: object = {}) =>
    Array.from({ length: count }, (_, at) =>
      verdict(++written, {
        ...{ organizationId: org.id, name: `${org.slug}.order.made`, recordedAtMs: NOON + fromMs + at },
        ...{ payload: Buffer.from(JSON.stringify(payload)), ...more },
      }),
    )

  it('that an open schema does not name are a finding with a proposal; those of peers, tests and refusals do not count', async () => {
    const org = await api.organization('PRO')
    await published(org, 'order.made', org.slug, open)
    const other = { id: 'o-1', strange: true }
    await insertAudit(api.analytics, 0, {
      verdicts: [
        ...emitted(org, 0, 30, { id: 'o-1', rent: 12.5 }),
        ...emitted(org, 100, 30, other, { source: 'federation:org_peer' }),
        ...emitted(org, 200, 30, other, { environment: 'test' }),
        ...emitted(org, 300, 30, other, { verdict: 'rejected', code: 'payload_invalid' }),
        ...emitted(org, -25 * HOUR_MS, 30, other),
      ],
    })
    await shapesAt(NOON + HOUR_MS).look([0])
    expect(await untilFound(org, 'payload_shape', 'open')).toMatchObject({
      ...{ severity: 'warning', entityId: `${org.slug}.order.made@1.0.0`, actual: { samples: 30 } },
      diff: [{ path: '/rent', change: 'unknown_property number' }],
      proposal: { properties: { id: { type: 'string' }, rent: { type: 'number' } } },
    })
  })
})

describe('a batch with types of another schema', () => {
  const HASH = 'a'.repeat(64)
  const emitBatch = async (org: Org, names: string[], schemaHash: string) => {
    const items = names.map(name => ({ name: `${org.slug}.${name}`, payload: {} }))
    const headers = { prefer: 'respond-async', 'x-schema-hash': schemaHash }
    const reply = await org.call('POST', '/api/v1/events/custom/emit/batch', { items }, headers)
    expect(reply.status).toBe(200)
    return reply.headers.get('x-schema-drift')
  }

  it('is answered with the version of each name, once, whether the hash is of a name or of all', async () => {
    const org = await api.organization('PRO')
    const one = await published(org, 'one', org.slug, open)
    await published(org, 'two', org.slug, { type: 'object', properties: { b: {} } })
    const [first, second] = [`${org.slug}.one=1.0.0`, `${org.slug}.two=1.0.0`]
    expect(await emitBatch(org, ['one', 'two', 'one'], HASH)).toBe(`${first}, ${second}`)
    expect(await emitBatch(org, ['one', 'two'], `${org.slug}.two=${HASH}`)).toBe(second)
    expect(await emitBatch(org, ['one', 'two'], `${org.slug}.one=${one.schemaHash}, ${HASH}`)).toBe(second)
    expect(await emitBatch(org, ['one'], one.schemaHash)).toBeNull()
    expect(await emitBatch(org, ['one', 'nothing'], 'no hash, =, ,x=')).toBeNull()
  })
})
