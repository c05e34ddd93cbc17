/** The control plane of one process on the run's real broker: several of them write the same topic, as several api processes do. */

import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { ControlLog } from '../../src/control-plane/store/control-log.ts'
import { createControlLog, tailControl } from '../../src/control-plane/store/control-topic.ts'
import { type ControlViewStore, createControlView } from '../../src/control-plane/store/view-store.ts'
import { type Provisioning, provision } from '../../src/kafka/admin/provisioning.ts'
import { type KafkaSettings, openWire, type Wire } from '../../src/kafka/protocol/wire.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { createLogger } from '../../src/logger.ts'
import { control } from '../../topics/control.ts'
import { testBroker } from '../support/kafka.ts'

export const clock = createSystemClock()
export const random = createSystemRandom()
export const logger = createLogger('silent')

export interface ControlProcess {
  kafka: KafkaSettings
  wire: Wire
  view: ControlViewStore
  log: ControlLog
  provisioning: Provisioning
  shardOf(organizationId: string): number
  close(): Promise<void>
}

export async function openControlProcess(): Promise<ControlProcess> {
  const { brokers, username, password } = await testBroker()
  const kafka: KafkaSettings = { brokers, username, password, clientId: 'test' }
  const wire = await openWire(kafka, logger)
  const provisioning = await provision({
    kafka,
    wire,
    shards: 8,
    replicationFactor: 1,
    topicDefaults: {},
    clock,
    logger,
  })
  const view = createControlView({ clock })
  const onFatal = (error: Error) => {
    throw error
  }
  await leaderKnown(wire)
  const tail = await tailControl({ kafka, wire, clock, logger, apply: view.apply, onFatal })
  const log = createControlLog({ kafka, tail, clock, logger })
  return {
    kafka,
    wire,
    view,
    log,
    provisioning,
    shardOf: organizationId => shardOf(organizationId, provisioning.shards),
    async close() {
      await Promise.allSettled([log.close(), tail.close(), provisioning.close()])
      await wire.close()
    },
  }
}

/** A topic made a moment ago answers NOT_LEADER until the broker has taken it over. */
async function leaderKnown(wire: Wire): Promise<void> {
  for (;;) {
    const known = await wire.offset(control.name, 0, 'latest').then(
      () => true,
      () => false,
    )
    if (known) return
    await clock.sleep(20)
  }
}
