/** The findings of a start on a cluster whose user lacks rights: real users and rights on the real broker. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { createAccounts } from '../../src/kafka/admin/accounts.ts'
import { createAclsRequest } from '../../src/kafka/admin/acl-requests.ts'
import { explained } from '../../src/kafka/admin/advice.ts'
import { describeClusterRequest } from '../../src/kafka/admin/cluster-requests.ts'
import { preflight } from '../../src/kafka/admin/preflight.ts'
import { createTopicAdmin } from '../../src/kafka/admin/topic-admin.ts'
import { retryTransient } from '../../src/kafka/protocol/retry-transient.ts'
import { KafkaError, openWire, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
const [TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID] = [2, 3, 4, 5]
const [READ, WRITE, CREATE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS] = [3, 4, 5, 7, 8, 10, 11]
const [LITERAL, PREFIXED, ALLOW] = [3, 4, 3]

let runtime: TestRuntime
let operator: Wire
const wires: Wire[] = []
beforeAll(async () => {
  runtime = await testRuntime()
  operator = closedInTheEnd(await openWire(runtime.kafka, logger))
  wires.push(operator)
})
afterAll(async () => {
  for (const wire of wires) await wire.close()
  await runtime.close()
})

let users = 0
/**
 * A user with these rights on topics, groups and transactional ids whose names begin with `prefix`, and on the cluster.
 */
async function userWith(
  prefix: string,
  rights: { topic?: number[]; group?: number[]; transactionalId?: number[]; cluster?: number[] },
) {
  const username = runtime.name(`limited${++users}`)
  const password = 'correct-horse-battery-staple'
  const accounts = createAccounts({ kafka: runtime.kafka, random: createSystemRandom(), logger })
  await accounts.createUser(username, password)
  await accounts.close()
  const entries = [
    ...(rights.topic ?? []).map(operation => [TOPIC, prefix, PREFIXED, operation] as const),
    ...(rights.group ?? []).map(operation => [GROUP, prefix, PREFIXED, operation] as const),
    ...(rights.transactionalId ?? []).map(operation => [TRANSACTIONAL_ID, prefix, PREFIXED, operation] as const),
    ...(rights.cluster ?? []).map(operation => [CLUSTER, 'kafka-cluster', LITERAL, operation] as const),
  ].map(([resourceType, resourceName, patternType, operation]) => {
    return { resourceType: resourceType!, resourceName, patternType: patternType!, principal: `User:${username}`, host: '*', operation: operation!, permission: ALLOW! } // biome-ignore format: one thought
  })
  if (entries.length > 0) await operator.sendToAny(createAclsRequest(entries))
  const wire = closedInTheEnd(await openWire({ ...runtime.kafka, username, password }, logger))
  wires.push(wire)
  return wire
}

async function findingsOf(wire: Wire, prefix: string, topics: string[]) {
  const cluster = await wire.sendToAny(describeClusterRequest())
  const names = { groups: [`${prefix}-group`], transactionalId: `${prefix}-id` }
  return retryTransient(clock, () =>
    preflight({ wire, clock, cluster, topics, timedTopics: topics, ...names, replicationFactor: 1 }),
  )
}

const ALL_TOPIC = [READ!, WRITE!, DESCRIBE!, DESCRIBE_CONFIGS!, ALTER!, ALTER_CONFIGS!]
const ALL_CLUSTER = [CREATE!, ALTER!, DESCRIBE!, ALTER_CONFIGS!, DESCRIBE_CONFIGS!]

describe('rights', () => {
  it('that suffice are nothing to speak of', async () => {
    const topic = await runtime.createTopic('allowed')
    const every = await userWith('allowed', { topic: ALL_TOPIC, group: [READ!, DESCRIBE!], transactionalId: [WRITE!, DESCRIBE!], cluster: ALL_CLUSTER }) // biome-ignore format: one thought
    expect(await findingsOf(every, 'allowed', [topic])).toEqual({ problems: [], warnings: [] })
  })

  it('that are missing are all named at once, each once, with advice', async () => {
    const topics = [
      await runtime.createTopic('denied-a'),
      await runtime.createTopic('denied-b'),
      await runtime.createTopic('denied-c'),
    ]
    const wire = await userWith('denied', { topic: [DESCRIBE!, READ!], group: [DESCRIBE!], cluster: [DESCRIBE!] })
    const { problems, warnings } = await findingsOf(wire, 'denied', topics)
    expect(problems).toEqual([
      expect.stringMatching(
        /lacks WRITE, DESCRIBE_CONFIGS on denied-a\..*, denied-b\..* and 1 more topics\. deploy\/kafka-acls\.sh grants all rights\./,
      ),
      expect.stringContaining('lacks READ on the group denied-group'),
      expect.stringContaining('lacks WRITE, DESCRIBE on transactional ids such as denied-id'),
    ])
    expect(warnings).toEqual([
      ...['CREATE', 'ALTER', 'ALTER_CONFIGS', 'DESCRIBE_CONFIGS'].map(right =>
        expect.stringContaining(`lacks ${right} on the cluster`),
      ),
      expect.stringContaining('lacks ALTER, ALTER_CONFIGS on denied-a'),
    ])
  })

  it('none at all: topics and groups that may not even be seen', async () => {
    const topic = await runtime.createTopic('hidden')
    const wire = await userWith('hidden', {})
    const { problems } = await findingsOf(wire, 'hidden', [topic])
    expect(problems).toEqual([
      expect.stringContaining('lacks READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS on hidden'),
      expect.stringContaining('lacks READ, DESCRIBE on the group hidden-group'),
      expect.stringContaining('lacks WRITE, DESCRIBE on transactional ids'),
    ])
  })
})

describe('an error', () => {
  it("keeps the broker's message and adds advice", async () => {
    const topic = await runtime.createTopic('grown')
    const wire = await userWith('grown', { topic: [DESCRIBE!] })
    const growing = createTopicAdmin({ wire, clock }).grow(topic, 2)
    await expect(growing).rejects.toMatchObject({
      type: 'TOPIC_AUTHORIZATION_FAILED',
      message: expect.stringMatching(
        /A topic cannot grow: grown\..*TOPIC_AUTHORIZATION_FAILED.*deploy\/kafka-acls\.sh/,
      ),
    })
    expect(
      explained(new KafkaError('POLICY_VIOLATION', 'no more than 10 partitions'), 'Topics cannot be made').message,
    ).toBe(
      'Topics cannot be made: no more than 10 partitions. A policy of the cluster (create.topic.policy, alter.config.policy) forbids it: change the policy.',
    )
  })
})

it('a clock that is behind the broker is named, and one that is ahead looks like a quiet log', async () => {
  const topic = await runtime.createTopic('timed', 1, { 'message.timestamp.type': 'LogAppendTime' })
  const writer = await runtime.writer(runtime.name('timed'))
  await writer.commit([{ topic, partition: 0, key: null, value: 'now' }])
  const cluster = await operator.sendToAny(describeClusterRequest())
  const look = (offsetMs: number) =>
    retryTransient(clock, () =>
      preflight({
        ...{
          wire: operator,
          cluster,
          topics: [topic],
          timedTopics: [topic],
          groups: [],
          transactionalId: 'timed',
          replicationFactor: 1,
        },
        clock: { ...clock, machineMs: () => clock.machineMs() + offsetMs },
      }),
    )
  expect([(await look(0)).warnings, (await look(60_000)).warnings]).toEqual([[], []])
  expect((await look(-60_000)).warnings).toEqual([expect.stringMatching(/clock of this machine is 60 s behind/)])
})

it('one setting of a topic is changed, and all others stay', async () => {
  const topic = await runtime.createTopic('tuned', 1, { 'retention.ms': '7000000' })
  const admin = createTopicAdmin({ wire: operator, clock })
  await admin.set([topic], { 'min.insync.replicas': '2' })
  const settings = (await admin.settings([topic], ['retention.ms', 'min.insync.replicas', 'cleanup.policy'])).get(
    topic,
  )!
  expect(Object.fromEntries(settings)).toEqual({
    'retention.ms': { value: '7000000', isOwn: true },
    'min.insync.replicas': { value: '2', isOwn: true },
    'cleanup.policy': { value: 'delete', isOwn: false },
  })
})

it('topics are made once, grow, and are gone when they are deleted', async () => {
  const topic = runtime.name('made')
  const admin = createTopicAdmin({ wire: operator, clock })
  const made = { topic, partitions: 1, replicationFactor: 1, settings: {} }
  await admin.create([made])
  await admin.create([made])
  await admin.grow(topic, 3)
  await retryTransient(clock, () => operator.offset(topic, 2, 'latest'))
  expect((await operator.metadata([topic]))[0]!.partitions).toHaveLength(3)
  await expect(admin.grow(topic, 2)).rejects.toMatchObject({ type: 'INVALID_PARTITIONS' })
  await admin.remove([topic])
  await admin.remove([topic])
  const tooMany = admin.create([{ ...made, topic: runtime.name('bad'), settings: { 'cleanup.policy': 'nonsense' } }])
  await expect(tooMany).rejects.toMatchObject({ type: 'INVALID_CONFIG', message: expect.stringContaining('nonsense') })
})
