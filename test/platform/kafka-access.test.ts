/** Direct Kafka access by an organization's own applications: the rights of a credential, and the verdicts on the records it writes. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { CompressionAlgorithms, ProduceAcks } from '@platformatic/kafka'
import type { Kafka } from 'kafkajs'
import { type Credential, consume, credentialOf, eventually, kafkajsOf, producerOf } from '../support/kafka-clients.ts'
import { readLog, readToEnd } from '../support/ledger.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'

let platform: TestPlatform
let organization: TestOrganization
let neighbour: TestOrganization
let own: Credential
let others: Credential
let kafka: Kafka
beforeAll(async () => {
  platform = await sharedPlatform()
  ;[organization, neighbour] = [await platform.organization(), await platform.organization()]
  ;[own, others] = [await credentialOf(organization), await credentialOf(neighbour)]
  kafka = kafkajsOf(own)
}, 120_000)

const HEADERS = { name: 'platformxe.generic' }
const generic = (kind: string, headers: Record<string, string> = HEADERS) => ({
  value: JSON.stringify({ kind }),
  headers,
})
const kindsOf = async (of: TestOrganization) =>
  (await readLog(platform, of)).map(({ value }) => JSON.parse(value!.toString()).kind as string)
const kindsUntil = (of: TestOrganization, count: number) => eventually(() => kindsOf(of), kinds => kinds.length >= count) // biome-ignore format: one thought

describe('a credential', () => {
  it('is shown with everything that a client needs, and its password once', async () => {
    expect(own.clientProperties).toMatchObject({
      'isolation.level': 'read_committed',
      'sasl.mechanism': 'SCRAM-SHA-512',
    })
    const { data } = await organization.call<Credential>('GET', `/api/v1/kafka-credentials/${own.id}`)
    expect(data).toMatchObject({ username: own.username, topics: own.topics, groupPrefix: own.groupPrefix })
    expect(JSON.stringify(data)).not.toContain(own.password)
  })

  it('produces to the own ingress and reads the own log in an own group, with headers that say all that routing needs', async () => {
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: own.topics.emits, messages: [{ ...generic('first'), key: 's1' }] })
    await producer.disconnect()
    const [message] = await consume(kafka, own.topics.events, `${own.groupPrefix}readers`, 1)
    const headers = Object.fromEntries(Object.entries(message!.headers!).map(([name, value]) => [name, String(value)]))
    expect(headers).toMatchObject({
      ce_type: 'platformxe.generic',
      kind: 'first',
      ce_subject: 's1',
      sequence: '1',
      environment: 'live',
      depth: '0',
    })
    expect(headers['canonical-name']).toBe(`TENANT_CUSTOM:${organization.org.id}:platformxe.generic@1.0.0`)
    expect(message!.value!.toString()).toBe('{"kind":"first"}')
  })

  it('reaches nothing else: no topic of the platform or a neighbour, no foreign group or transactional id, no call of an administrator', async () => {
    const producer = kafka.producer()
    await producer.connect()
    const send = (topic: string) => producer.send({ topic, messages: [{ value: '{}' }] })
    const read = (topic: string, group = `${own.groupPrefix}other`) => consume(kafka, topic, group, 1)
    const admin = kafka.admin()
    await admin.connect()
    const refused: Array<() => Promise<unknown>> = [
      () => send(others.topics.emits),
      () => send(own.topics.events),
      () => send(`${own.topics.emits}.test`),
      ...['control', 'deliveries', 'platform.emits', 'audit.emits', 'shards'].map(topic => () => send(topic)),
      () => read(others.topics.events),
      () => read(own.topics.emits),
      () => read('control'),
      () => read(own.topics.events, 'a-group-of-nobody'),
      () => read(own.topics.events, `${others.groupPrefix}readers`),
      () => kafka.producer({ transactionalId: `${others.transactionalIdPrefix}a` }).transaction(),
      () => kafka.producer({ transactionalId: 'admit-0' }).transaction(),
      () => admin.createTopics({ topics: [{ topic: `${own.topics.emits}.mine` }] }),
      () => admin.createPartitions({ topicPartitions: [{ topic: own.topics.emits, count: 3 }] }),
      () => admin.deleteTopics({ topics: [own.topics.emits] }),
      () => admin.deleteTopicRecords({ topic: own.topics.events, partitions: [{ partition: 0, offset: '1' }] }),
      () => admin.deleteGroups([`${others.groupPrefix}readers`]),
      () => admin.describeAcls({ resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 }),
    ]
    for (const attempt of refused) await expect(attempt()).rejects.toThrow()
    expect((await admin.listTopics()).sort()).toEqual([own.topics.emits, own.topics.events])
    await Promise.all([producer.disconnect(), admin.disconnect()])
  })

  it('has the rights of its access: one that produces does not read, one that consumes does not write', async () => {
    const [produces, consumes] = [
      await credentialOf(organization, 'produce'),
      await credentialOf(organization, 'consume'),
    ]
    await expect(consume(kafkajsOf(produces), own.topics.events, `${own.groupPrefix}p`, 1)).rejects.toThrow()
    const producer = kafkajsOf(consumes).producer()
    await producer.connect()
    await expect(producer.send({ topic: own.topics.emits, messages: [generic('no')] })).rejects.toThrow('authorization')
    await producer.disconnect()
    expect(await consume(kafkajsOf(consumes), own.topics.events, `${own.groupPrefix}c`, 1)).toHaveLength(1)
  })

  it('that is deleted may do nothing from then on, on a session that is open too', async () => {
    const lost = await credentialOf(organization)
    const producer = kafkajsOf(lost).producer()
    await producer.connect()
    await producer.send({ topic: lost.topics.emits, messages: [generic('before')] })
    expect((await neighbour.call('DELETE', `/api/v1/kafka-credentials/${lost.id}`)).status).toBe(404)
    expect((await organization.call('DELETE', `/api/v1/kafka-credentials/${lost.id}`)).status).toBe(200)
    await expect(producer.send({ topic: lost.topics.emits, messages: [generic('after')] })).rejects.toThrow()
    await expect(kafkajsOf(lost).producer().connect()).rejects.toThrow()
    await producer.disconnect()
    expect((await organization.call('GET', `/api/v1/kafka-credentials/${lost.id}`)).status).toBe(404)
  })

  it('of a deleted organization is gone; one of a suspended organization may write, and every record is refused as over HTTP', async () => {
    const [suspended, deleted] = [await platform.organization(), await platform.organization()]
    const [still, gone] = [await credentialOf(suspended), await credentialOf(deleted)]
    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${suspended.org.id}/suspend`)
    await platform.call(platform.adminKey, 'DELETE', `/api/v1/organizations/${deleted.org.id}`)
    const producer = kafkajsOf(still).producer()
    await producer.connect()
    await producer.send({ topic: still.topics.emits, messages: [generic('refused')] })
    await producer.disconnect()
    const quarantined = () => suspended.call<Array<{ code: string }>>('GET', '/api/v1/events/custom/quarantine')
    expect((await eventually(quarantined, ({ data }) => data.length > 0)).data).toMatchObject([
      { code: 'organization_suspended' },
    ])
    expect((await suspended.call('POST', '/api/v1/kafka-credentials', { name: 'x', access: 'both' })).code).toBe(
      'organization_suspended',
    )
    const connects = () => kafkajsOf(gone).admin().connect().then(() => true, () => false) // biome-ignore format: one thought
    expect(await eventually(connects, connected => !connected)).toBe(false)
  })

  it('is for the live environment alone', async () => {
    const key = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      name: 't',
      environment: 'test',
      scopes: ['keys:manage'],
    })
    const answer = await platform.call(key.data.apiKey, 'POST', '/api/v1/kafka-credentials', {
      name: 'x',
      access: 'both',
    })
    expect([answer.status, answer.code]).toEqual([403, 'live_environment_only'])
  })
})

describe('a producer’s record', () => {
  it('arrives whichever acknowledgement it waits for, idempotent or not, in every compression', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target, 'produce')
    const producer = producerOf(credential)
    const sent: string[] = []
    for (const acks of Object.values(ProduceAcks)) {
      for (const compression of Object.values(CompressionAlgorithms)) {
        const kinds = ['a', 'b', 'c'].map(each => `${acks} ${compression} ${each}`)
        await producer.send({
          messages: kinds.map(kind => ({ topic: credential.topics.emits, ...generic(kind) })),
          acks,
          compression,
        })
        sent.push(...kinds)
      }
    }
    await producer.close()
    const idempotent = producerOf(credential, { idempotent: true })
    await idempotent.send({
      messages: [{ topic: credential.topics.emits, ...generic('idempotent') }],
      acks: ProduceAcks.ALL,
    })
    await idempotent.close()
    expect((await kindsUntil(target, sent.length + 1)).sort()).toEqual([...sent, 'idempotent'].sort())
  })

  it('in transactions counts when they commit: nothing of those that abort, two of them interleaved', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target)
    const of = (id: string) =>
      kafkajsOf(credential).producer({
        transactionalId: `${credential.transactionalIdPrefix}${id}`,
        idempotent: true,
        maxInFlightRequests: 1,
      })
    const producers = [of('a'), of('b'), of('c')]
    await Promise.all(producers.map(producer => producer.connect()))
    const [a, b, c] = [
      await producers[0]!.transaction(),
      await producers[1]!.transaction(),
      await producers[2]!.transaction(),
    ]
    const send = (transaction: typeof a, kind: string) =>
      transaction.send({ topic: credential.topics.emits, messages: [generic(kind)] })
    await send(a, 'aborted a1')
    await send(b, 'aborted b1')
    await send(c, 'committed c1')
    await send(a, 'aborted a2')
    await a.abort()
    await send(b, 'aborted b2')
    await send(c, 'committed c2')
    await b.abort()
    await c.commit()
    const last = await producers[0]!.transaction()
    await send(last, 'committed a3')
    await last.commit()
    await Promise.all(producers.map(producer => producer.disconnect()))
    expect(await kindsUntil(target, 3)).toEqual(['committed c1', 'committed c2', 'committed a3'])
  })

  it('in a transaction that stays open holds up its own organization only', async () => {
    const [held, free] = [await platform.organization(), await platform.organization()]
    const credential = await credentialOf(held)
    const producer = kafkajsOf(credential).producer({
      transactionalId: `${credential.transactionalIdPrefix}slow`,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const open = await producer.transaction()
    await open.send({ topic: credential.topics.emits, messages: [generic('open')] })
    const emit = (of: TestOrganization) =>
      of.call<{ verdict?: string; sequence?: number }>('POST', '/api/v1/events/custom/emit', {
        ...HEADERS,
        payload: { kind: 'http' },
      })
    const [waits, goes] = await Promise.all([emit(held), emit(free)])
    expect(goes.data.sequence).toBe(1)
    expect(waits.data.verdict).toBe('pending')
    await open.commit()
    await producer.disconnect()
    expect(await kindsUntil(held, 2)).toEqual(['open', 'http'])
  })

  it('under headers that only the platform may set changes nothing but a producer’s own fields', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target)
    const forged = {
      ...{
        'clarion-tag': 'x'.repeat(43),
        'clarion-reply-to': 'api_1/1',
        'clarion-control': '999999999',
        'clarion-actor': 'key_admin',
      },
      ...{
        'clarion-request': 'req_1',
        'clarion-channel': 'http',
        'clarion-redrive-of': 'cee_1',
        'clarion-organization': neighbour.org.id,
      },
      ...{
        environment: 'test',
        depth: '49',
        federation: '{}',
        'actor-id': 'system',
        sequence: '77',
        'canonical-name': 'PLATFORM:x:y@1',
      },
      subscribers: 'wh_1wh_2',
    }
    const producer = kafkajsOf(credential).producer()
    await producer.connect()
    await producer.send({ topic: credential.topics.emits, messages: [generic('forged', { ...HEADERS, ...forged })] })
    await producer.disconnect()
    const [record] = await eventually(() => readLog(platform, target), log => log.length > 0) // biome-ignore format: one thought
    const headers = Object.fromEntries(Object.entries(record!.headers).map(([name, value]) => [name, value.toString()]))
    expect(headers).toMatchObject({
      sequence: '1',
      depth: '0',
      environment: 'live',
      'actor-id': 'producer',
      ce_source: 'kafka',
    })
    expect(headers['canonical-name']).toContain(target.org.id)
    expect(
      Object.keys(headers).filter(name => name.startsWith('clarion-') || ['causation-id', 'federation'].includes(name)),
    ).toEqual([])
    expect(headers.subscribers).toBe('')
    const { data } = await eventually(() => target.call<Array<Record<string, unknown>>>('GET', '/api/v1/events/custom/emits'), ({ data }) => data.length > 0) // biome-ignore format: one thought
    expect(data).toMatchObject([{ channel: 'kafka', actorId: 'producer', requestId: null, causationId: null }])
  })
})

describe('an organization that is given more partitions while it produces', () => {
  it('loses nothing, and each subject keeps its order', async () => {
    const target = await platform.organization()
    const credential = await credentialOf(target, 'produce')
    const grow = (partitions: number) =>
      platform.call<{ partitions: number }>(
        platform.adminKey,
        'POST',
        `/api/v1/organizations/${target.org.id}/partitions`,
        { partitions },
      )
    const producer = kafkajsOf(credential).producer({ metadataMaxAge: 100 })
    await producer.connect()
    const landed = new Set<number>()
    const ordered = new Map<string, number[]>()
    let n = 0
    const produceUntil = async (isEnough: () => boolean) => {
      for (const start = n; !isEnough() && n < start + 2_000; n++) {
        const subject = `subject ${n % 13}`
        const message = { key: subject, headers: HEADERS, value: JSON.stringify({ kind: 'n', data: { n } }) }
        for (const { partition } of await producer.send({ topic: credential.topics.emits, messages: [message] }))
          landed.add(partition)
        ordered.set(subject, [...(ordered.get(subject) ?? []), n])
      }
    }
    await produceUntil(() => n === 100)
    const growing = grow(4)
    await produceUntil(() => landed.size === 4)
    expect((await growing).data.partitions).toBe(4)
    await producer.disconnect()
    const { kafka: settings } = connectionsOf(platform)
    const readAll = async () =>
      (await Promise.all([0, 1, 2, 3].map(each => readToEnd(settings, credential.topics.events, each)))).flat()
    const log = await eventually(readAll, records => records.length >= n) // biome-ignore format: one thought
    const inSequence = log.toSorted((a, b) => Number(a.headers.sequence) - Number(b.headers.sequence))
    expect(inSequence.map(({ headers }) => Number(headers.sequence))).toEqual(
      Array.from({ length: n }, (_, index) => index + 1),
    )
    for (const [subject, numbers] of ordered) {
      const written = inSequence.filter(({ headers }) => headers.ce_subject?.toString() === subject)
      expect(written.map(({ value }) => JSON.parse(value!.toString()).data.n)).toEqual(numbers)
    }
    const overHttp = await target.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
      ...HEADERS,
      subject: 'subject 1',
      payload: { kind: 'http' },
    })
    expect(overHttp.data.sequence).toBe(n + 1)
    for (const wrong of [2, 6, 32]) expect((await grow(wrong)).code).toBe('validation_failed')
  })
})
