/** The promises of the design, on a whole platform, from outside. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { expectLedger, readLog, takeLedger } from '../support/ledger.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

const generic = (kind: string, data: object = {}) => ({ name: 'platformxe.generic', payload: { kind, data } })
const emit = (organization: TestOrganization, body: object) =>
  organization.call<{ emitId: string; eventId: string; deduplicated: boolean; sequence: number }>(
    'POST',
    '/api/v1/events/custom/emit',
    body,
  )

async function register(organization: TestOrganization, name: string): Promise<string> {
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    required: ['n'],
    additionalProperties: false,
  }
  const body = {
    namespace: organization.slug,
    name,
    version: '1.0.0',
    status: 'published',
    description: 'd',
    payloadSchema: schema,
  }
  const made = await organization.call('POST', '/api/v1/events/custom', body)
  expect([made.status, made.code]).toEqual([201, undefined])
  return `${organization.slug}.${name}`
}

describe('one judge', () => {
  it('makes one event of fifty parallel emits with the same idempotency key', async () => {
    const organization = await platform.organization()
    const body = { ...generic('same'), idempotencyKey: 'once' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => emit(organization, body)))
    expect(answers.map(answer => answer.status)).toEqual(Array(50).fill(202))
    expect(new Set(answers.map(answer => answer.data.emitId)).size).toBe(1)
    expect(answers.filter(answer => !answer.data.deduplicated)).toHaveLength(1)
    expect(await readLog(platform, organization)).toHaveLength(1)
  })

  it('refuses another payload under a key that is held, and frees the key of a rejected emit', async () => {
    const organization = await platform.organization()
    const name = await register(organization, 'keyed')
    const keyed = (payload: object) => emit(organization, { name, payload, idempotencyKey: 'k' })
    expect((await keyed({ n: 'no' })).code).toBe('payload_invalid')
    expect((await keyed({ n: 1 })).status).toBe(202)
    const other = await keyed({ n: 2 })
    expect([other.status, other.code]).toEqual([409, 'idempotency_key_conflict'])
    expect((await keyed({ n: 1 })).data.deduplicated).toBe(true)
  })

  it('lets exactly one of fifty parallel emits pass when one is left of the quota', async () => {
    const organization = await platform.organization('FREE')
    const items = Array.from({ length: 999 }, (_, n) => generic('fill', { n }))
    const filled = await organization.call<{ results: Array<{ status: number }> }>(
      'POST',
      '/api/v1/events/custom/emit/batch',
      { items },
    )
    expect(filled.data.results.filter(result => result.status === 202)).toHaveLength(999)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => emit(organization, generic('race', { n }))))
    expect(answers.filter(answer => answer.status === 202)).toHaveLength(1)
    expect(answers.filter(answer => answer.code === 'monthly_emit_quota_exceeded')).toHaveLength(49)
    // And `quota.exceeded`, once.
    expectLedger(await takeLedger(platform, organization, 1_001), 1_000, 1)
  })

  it('numbers events without a gap although rejected and duplicate emits lie between', async () => {
    const organization = await platform.organization()
    const name = await register(organization, 'counted')
    const bodies = Array.from({ length: 60 }, (_, n) => ({
      name,
      payload: { n: n % 3 === 0 ? 'bad' : n },
      idempotencyKey: `k${n % 40}`,
    }))
    const answers = await Promise.all(bodies.map(body => emit(organization, body)))
    const accepted = answers.filter(answer => answer.status === 202 && !answer.data.deduplicated).length
    expectLedger(await takeLedger(platform, organization, accepted), accepted)
  })
})

describe('isolation', () => {
  it('keeps a receiver that hangs from delaying another', async () => {
    const organization = await platform.organization()
    const hanging = await createReceiver({ answer: () => 'hang' })
    const healthy = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: hanging.url, events: ['*'], maxInFlight: 2 })
    await organization.call('POST', '/api/v1/webhooks', { url: healthy.url, events: ['*'] })
    const items = Array.from({ length: 200 }, (_, n) => generic('both', { n }))
    await organization.call('POST', '/api/v1/events/custom/emit/batch', { items })
    await healthy.received(200)
    expect(hanging.requests.length).toBeLessThanOrEqual(2)
    await Promise.all([hanging.close(), healthy.close()])
  })

  it('keeps what one organization emits from the webhooks, the log and the lists of another', async () => {
    const [one, other] = [await platform.organization(), await platform.organization()]
    const receiver = await createReceiver()
    await other.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['*'] })
    const emitted = await emit(one, generic('mine'))
    await emit(other, generic('theirs'))
    await receiver.received(1)
    expect(JSON.parse(receiver.requests[0]!.body.toString()).data.kind).toBe('theirs')
    expect((await other.call('GET', `/api/v1/events/custom/emits/${emitted.data.emitId}`)).status).toBe(404)
    expect((await other.call('GET', `/api/v1/events/${emitted.data.eventId}`)).status).toBe(404)
    expect(await readLog(platform, one)).toHaveLength(1)
    await receiver.close()
  })
})

describe('the history of an event', () => {
  it('shows in one call the verdict, the deliveries and every attempt', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    await organization.call('POST', '/api/v1/webhooks', { url: receiver.url, events: ['platformxe.generic#told'] })
    const emitted = await emit(organization, generic('told'))
    await receiver.received(1)
    const history = await until(
      () =>
        organization.call<{ deliveries: Array<{ status: string }>; attempts: unknown[] }>(
          'GET',
          `/api/v1/events/${emitted.data.eventId}`,
        ),
      answer => answer.data?.deliveries?.[0]?.status === 'success',
    )
    expect(history.data.attempts).toHaveLength(1)
    await receiver.close()
  })
})
