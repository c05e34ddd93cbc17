import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { default as kafkajs } from 'kafkajs'
import { createSystemClock } from '../../src/clock.ts'
import { TOPIC_DEFAULTS } from '../../src/embedded/kafka-settings.ts'
import { provision } from '../../src/kafka/admin/provisioning.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { emits } from '../../topics/emits.ts'
import { events } from '../../topics/events.ts'
import { configOf } from '../../topics/topic.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { testsUseContainers } from '../support/containers.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
const OF_THE_TOPIC = 1 // Kafka protocol guide, DescribeConfigs: config_source

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(() => runtime.close())

/** Both topics of a new organization, with their effective and their own settings. */
async function topicsMadeWith(topicDefaults: Readonly<Record<string, string>>) {
  const wire = closedInTheEnd(await openWire(runtime.kafka, logger))
  const provisioning = await provision({
    kafka: runtime.kafka,
    wire,
    shards: 8,
    replicationFactor: 1,
    topicDefaults,
    clock,
    logger,
  })
  const id = runtime.name('org')
  await provisioning.createOrganizationTopics({ id, partitions: 1 })
  const admin = createClient(runtime.kafka).admin()
  await admin.connect()
  const made = [emits, events].map(async topic => {
    const name = topic.nameFor(id, 'live')
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
    })
    const entries = resources[0]!.configEntries.filter(each => each.configName in configOf(topic))
    const own = entries.filter(each => Number(each.configSource) === OF_THE_TOPIC).map(each => each.configName)
    return { is: Object.fromEntries(entries.map(each => [each.configName, each.configValue])), own: own.sort() }
  })
  const found = await Promise.all(made)
  await admin.deleteTopics({ topics: [emits, events].map(topic => topic.nameFor(id, 'live')) })
  await admin.disconnect()
  await provisioning.close()
  await wire.close()
  return found
}

it("an organization's topics set every property, since another cluster may have other defaults", async () => {
  const all = ['cleanup.policy', 'max.message.bytes', 'message.timestamp.type', 'retention.ms']
  expect(await topicsMadeWith({})).toEqual([emits, events].map(topic => ({ is: configOf(topic), own: all })))
})

const onOurs = testsUseContainers() ? it.skip : it // another broker
onOurs('on the embedded broker they are the same, and the log says nothing of its own', async () => {
  const [ingress, log] = await topicsMadeWith(TOPIC_DEFAULTS)
  expect(ingress).toEqual({ is: configOf(emits), own: ['message.timestamp.type', 'retention.ms'] })
  expect(log).toEqual({ is: configOf(events), own: [] })
})
