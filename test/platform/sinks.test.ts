/** Sinks on a whole platform: from an event to a record in a cluster of somebody else. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { type ForeignCluster, foreignCluster } from '../sinks/foreign-cluster.ts'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

const LIMIT_MS = patient(90_000)
let platform: TestPlatform
let cluster: ForeignCluster
beforeAll(async () => {
  ;[platform, cluster] = await Promise.all([sharedPlatform(), foreignCluster()])
}, LIMIT_MS)

interface Delivery {
  id: string
  status: string
  reason: string | null
  eventId: string
  lastErrorKind: string | null
}

const emit = async (organization: TestOrganization, n: number, subject?: string): Promise<string> => {
  const emitted = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    ...{ name: 'platformxe.generic', payload: { kind: 'job', data: { n } }, ...(subject && { subject }) },
  })
  expect([emitted.status, emitted.code]).toEqual([202, undefined])
  return emitted.data.eventId
}

async function sinkInto(
  organization: TestOrganization,
  topic: string,
  more: { config?: object; [field: string]: unknown } = {},
) {
  const { config, ...rest } = more
  const made = await organization.call<{ id: string }>('POST', '/api/v1/sinks', {
    ...{ type: 'kafka', events: ['platformxe.generic'] },
    config: { bootstrapServers: cluster.servers, topic, sasl: cluster.sasl, tls: false, ...config },
    ...rest,
  })
  expect([made.status, made.code]).toEqual([201, undefined])
  return { id: made.data.id, at: `/api/v1/sinks/${made.data.id}` }
}

const deliveriesOf = async (organization: TestOrganization, sinkId: string): Promise<Delivery[]> =>
  (await organization.call<Delivery[]>('GET', `/api/v1/webhooks/${sinkId}/deliveries?limit=50`)).data ?? []

describe('a sink', () => {
  it(
    'gets each event once as a record with the headers of the log, and its history shows the place',
    async () => {
      const organization = await platform.organization()
      const topic = await cluster.topic(3)
      const { id } = await sinkInto(organization, topic)
      const eventIds: string[] = []
      for (const n of [1, 2, 3]) eventIds.push(await emit(organization, n, 'order-7'))
      const read = await cluster.read(topic, 3)
      expect(read.map(({ headers }) => String(headers!.ce_id))).toEqual(eventIds)
      const [first] = read
      expect([String(first!.key), String(first!.value)]).toEqual(['order-7', '{"kind":"job","data":{"n":1}}'])
      const headers = Object.fromEntries(Object.entries(first!.headers!).map(([name, value]) => [name, String(value)]))
      expect(headers).toMatchObject({
        ...{ ce_type: 'platformxe.generic', ce_subject: 'order-7', 'content-type': 'application/json', sequence: '1' },
        ...{ 'organization-id': organization.org.id, 'delivery-attempt': '1', environment: 'live' },
        'delivery-id': expect.stringMatching(/^dlv_/),
      })
      expect(headers).not.toHaveProperty('subscribers')
      const all = await until(
        () => deliveriesOf(organization, id),
        found => found.filter(({ status }) => status === 'success').length === 3,
      )
      expect(all.map(({ status }) => status)).toEqual(['success', 'success', 'success'])
      const attempts = await organization.call<Array<{ responseHeaders: object; url: string }>>(
        'GET',
        `/api/v1/webhooks/deliveries/${all[2]!.id}/attempts`,
      )
      expect(attempts.data[0]).toMatchObject({
        ...{ url: `kafka://${cluster.servers[0]}/${topic}`, responseStatus: null },
        responseHeaders: { partition: expect.any(String), offset: '0' },
      })
      expect(JSON.stringify(attempts.body)).not.toContain(cluster.sasl.password)
    },
    LIMIT_MS,
  )

  it(
    'is tested at once, in the format of CloudEvents if it is asked for, and says what is wrong',
    async () => {
      const organization = await platform.organization()
      const topic = await cluster.topic(1)
      const { at } = await sinkInto(organization, topic, { config: { format: 'cloudevents' }, active: false })
      const tested = await organization.call('POST', `${at}/test`)
      expect(tested.data).toMatchObject({ success: true, responseStatus: null, error: null })
      const [record] = await cluster.read(topic, 1)
      expect(String(record!.headers!['content-type'])).toContain('application/cloudevents+json')
      expect(JSON.parse(String(record!.value))).toMatchObject({ specversion: '1.0', type: 'sink.test' })
      const config = { bootstrapServers: cluster.servers, topic, tls: false }
      await organization.call('PATCH', at, { config: { ...config, sasl: { ...cluster.sasl, password: 'wrong' } } })
      const refused = await organization.call('POST', `${at}/test`)
      expect(refused.data).toMatchObject({ success: false, errorKind: 'broker' })
    },
    LIMIT_MS,
  )

  it(
    'fails where its topic is missing, gets what it missed when it is there, and a replay besides',
    async () => {
      const organization = await platform.organization()
      const topic = `sink-missing-${Date.now()}`
      const delays = { delays: [0, 100, 100, 100] }
      const { id, at } = await sinkInto(organization, topic, { retry: delays })
      const from = new Date(Date.now() - 60_000).toISOString()
      await emit(organization, 1)
      const failed = await until(
        () => deliveriesOf(organization, id),
        found => found[0]?.status === 'failed',
      )
      expect(failed[0]).toMatchObject({ status: 'failed', reason: 'exhausted', lastErrorKind: 'broker' })
      const failing = await until(
        () => organization.call<{ health: string }>('GET', at),
        ({ data }) => data.health === 'failing',
      )
      expect(failing.data.health).toBe('failing')
      const there = await cluster.topic(1)
      const config = { bootstrapServers: cluster.servers, topic: there, sasl: cluster.sasl, tls: false }
      expect((await organization.call('PATCH', at, { config })).status).toBe(200)
      await organization.call('PATCH', at, { active: false })
      await emit(organization, 2)
      await organization.call('POST', `${at}/activate`)
      expect((await cluster.read(there, 1)).map(({ value }) => JSON.parse(String(value)).data.n)).toEqual([2])
      const recovered = await until(
        () => organization.call<{ health: string }>('GET', at),
        ({ data }) => data.health === 'healthy',
      )
      expect(recovered.data.health).toBe('healthy')
      const replay = await organization.call<{ id: string; targets: unknown[] }>('POST', '/api/v1/replays', {
        ...{ source: { from, to: new Date(Date.now() + 1_000).toISOString() }, target: { kind: 'sink', ids: [id] } },
      })
      expect([replay.status, replay.code]).toEqual([202, undefined])
      const read = await cluster.read(there, 3)
      expect(read.map(({ value }) => JSON.parse(String(value)).data.n).toSorted()).toEqual([1, 2, 2])
      expect(read.filter(({ headers }) => String(headers!['replay-id']) === replay.data.id)).toHaveLength(2)
      const audit = await until(
        () => organization.call<Array<{ type: string }>>('GET', `/api/v1/audit?entityType=sink&entityId=${id}`),
        ({ data }) => data.some(({ type }) => type === 'SINK_RECOVERED'),
      )
      const types = audit.data.map(({ type }) => type)
      expect(types).toEqual(expect.arrayContaining(['SINK_CREATED', 'SINK_UPDATED', 'SINK_FAILING', 'SINK_RECOVERED']))
    },
    LIMIT_MS,
  )

  it(
    'with an order gets the events of a subject one after the other',
    async () => {
      const organization = await platform.organization()
      const topic = await cluster.topic(3)
      await sinkInto(organization, topic, { ordering: 'block' })
      for (let n = 0; n < 20; n++) await emit(organization, n, `order-${n % 2}`)
      const read = await cluster.read(topic, 20)
      for (const key of ['order-0', 'order-1']) {
        const ofKey = read.filter(each => String(each.key) === key).map(({ headers }) => Number(headers!.sequence))
        expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b))
        expect(ofKey).toHaveLength(10)
      }
    },
    LIMIT_MS,
  )
})
