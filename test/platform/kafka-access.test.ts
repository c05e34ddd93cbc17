/** Credentials for direct Kafka access by an organization’s own applications, and their rights. */
import { describe, expect, it } from '@jest/globals'
import { type Credential, consume, credentialOf, kafkajsOf } from '../support/kafka-clients.ts'
import { until } from '../support/until.ts'
import { generic, kafka, neighbour, organization, others, own, platform, useKafkaAccess } from './kafka-access-setup.ts'

useKafkaAccess()

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
    expect((await until(quarantined, ({ data }) => data.length > 0)).data).toMatchObject([
      { code: 'organization_suspended' },
    ])
    expect((await suspended.call('POST', '/api/v1/kafka-credentials', { name: 'x', access: 'both' })).code).toBe(
      'organization_suspended',
    )
    const connects = () => kafkajsOf(gone).admin().connect().then(() => true, () => false) // biome-ignore format: one thought
    expect(await until(connects, connected => !connected)).toBe(false)
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
