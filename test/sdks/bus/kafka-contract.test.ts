/** The bus over Kafka by the contract: on a cluster of one's own, and with the credential of an organization. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import type { KafkaConfig } from 'kafkajs'
import { type ContractSubject, describeContract } from '../../../sdks/bus/src/contract/index.ts'
import { type Event, type KafkaBusOptions, newEvent } from '../../../sdks/bus/src/index.ts'
import { type Credential, credentialOf } from '../../support/kafka-clients.ts'
import { createLossySockets, PRODUCE } from '../../support/lossy-sockets.ts'
import { sharedPlatform, type TestOrganization } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { clientOf, clusterConfig, credentialConfig, makeTopic, openBus } from './kafka-kit.ts'

describe('on a cluster of its own', () => {
  let cluster: KafkaConfig
  let topic: string
  beforeAll(async () => {
    cluster = await clusterConfig()
    topic = await makeTopic(cluster, 4)
  }, 60_000)
  const subject: ContractSubject = {
    open: ({ reader, ...settings }) =>
      openBus({ kafka: clientOf(cluster), publishTopic: topic, readTopic: topic, groupId: reader, ...settings }),
    failures: 'dead-letter',
    isDurable: true,
  }
  describeContract('KafkaBus', subject, { describe, it })
})

describe('with the credential of an organization', () => {
  let organization: TestOrganization
  let credential: Credential
  beforeAll(async () => {
    organization = await (await sharedPlatform()).organization('ENTERPRISE')
    credential = await credentialOf(organization)
    for (const name of ['first', 'second', 'third']) {
      const payloadSchema = { type: 'object', properties: { marker: { type: 'string' } } }
      const registration = { namespace: organization.slug, name, version: '1.0.0', status: 'published', payloadSchema }
      expect((await organization.call('POST', '/api/v1/events/custom', registration)).status).toBe(201)
    }
  }, 120_000)
  const names = (): readonly [string, string, string] => {
    const { slug } = organization
    return [`${slug}.first`, `${slug}.second`, `${slug}.third`]
  }
  const options = (group: string): KafkaBusOptions => ({
    kafka: clientOf(credentialConfig(credential)),
    publishTopic: credential.topics.emits,
    readTopic: credential.topics.events,
    groupId: `${credential.groupPrefix}${group}`,
  })
  const subject: ContractSubject = {
    open: ({ reader, ...settings }) => openBus({ ...options(reader), ...settings }),
    failures: 'dead-letter',
    isDurable: true,
    // Known when the platform runs.
    get types() {
      return names()
    },
  }
  describeContract('KafkaBus', subject, { describe, it })

  it('reads events with the platform’s id, organization and actor', async () => {
    const bus = openBus(options('fields'))
    const seen: Event[] = []
    bus.subscribe(event => void seen.push(event), names()[0])
    await bus.publish(newEvent(names()[0], 'someone else').withActor('somebody').withPayload({ marker: 'fields' }))
    await until(() => seen.length, Boolean)
    expect(seen[0]).toMatchObject({ tenantId: organization.org.id, actorId: 'producer' })
    expect(seen[0]!.id).toMatch(/^evt_/)
  })

  it('writes an event once when the answer of the broker is lost: its id is the idempotency key', async () => {
    const sockets = createLossySockets()
    const config = { ...credentialConfig(credential), socketFactory: sockets.factory as never }
    const bus = openBus({ ...options('lossy'), kafka: clientOf(config) })
    const seen: string[] = []
    bus.subscribe(event => void seen.push((event.payload as { marker: string }).marker), names()[1])
    const event = (marker: string) => newEvent(names()[1]).withSubject('lossy').withPayload({ marker })
    await bus.publish(event('before'))
    sockets.loseNext(PRODUCE)
    await Promise.all(['lost', 'behind it'].map(marker => bus.publish(event(marker))))
    await bus.publish(event('after'))
    await until(() => seen.includes('after'), Boolean)
    expect(sockets.lost()).toBe(1)
    expect(seen).toEqual(['before', 'lost', 'behind it', 'after'])
  })
})
