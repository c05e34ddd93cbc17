/** Figures that must agree to the unit: the log, the highest sequence, the quota counter, usage and the audit rows of one organization. */
import { expect } from '@jest/globals'
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import { createSystemClock } from '../../src/clock.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { type KafkaSettings, openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createLogger } from '../../src/logger.ts'
import { events } from '../../topics/events.ts'
import { patient } from './patience.ts'
import type { TestOrganization, TestPlatform } from './platform.ts'
import { connectionsOf } from './platform-connections.ts'

const clock = createSystemClock()
const logger = createLogger('silent')

export interface Ledger {
  logRecords: number
  sequences: number[]
  quotaCounter: number
  usageEmits: number
  acceptedRows: number
  acceptedEmits: number
}

/** Reads `events.<org>` to its end. */
export async function readLog(platform: TestPlatform, organization: TestOrganization): Promise<LogRecord[]> {
  const { kafka } = connectionsOf(platform)
  return readToEnd({ ...kafka, clientId: 'ledger' }, events.nameFor(organization.org.id, 'live'), 0)
}

export async function readToEnd(kafka: KafkaSettings, topic: string, partition: number): Promise<LogRecord[]> {
  const wire = await openWire(kafka, logger)
  const end = await wire.offset(topic, partition, 'latest')
  await wire.close()
  const records: LogRecord[] = []
  if (end === 0) return records
  await new Promise<void>((resolve, reject) => {
    const reader = createLogReader({
      kafka,
      clock,
      logger,
      events: {
        onRecords(_topic, _partition, batch, nextOffset) {
          records.push(...batch)
          if (nextOffset >= end) void reader.close().then(resolve, reject)
        },
        onFatal: reject,
      },
    })
    reader.assign(topic, partition, 'earliest')
  })
  return records
}

/** Waits until ClickHouse has `rows` accepted rows (what `record` writes lags), then takes every figure once. */
export async function takeLedger(
  platform: TestPlatform,
  organization: TestOrganization,
  rows: number,
): Promise<Ledger> {
  const analytics = createAnalyticsClient({
    url: connectionsOf(platform).clickhouseUrl,
    database: 'clarion',
    clock,
    logger,
  })
  const reads = createReads(analytics)
  const month = new Date(clock.nowMs()).toISOString().slice(0, 7)
  const counts = () => reads.countsForAudit(organization.org.id, 'live', month)
  for (let tries = 0; tries < patient(300) && (await counts()).acceptedRows < rows; tries++) await clock.sleep(100)
  const { acceptedRows, acceptedEmits, usageEmits } = await counts()
  const log = await readLog(platform, organization)
  const summary = await organization.call<{ meters: { emits: number } }>('GET', '/api/v1/usage/summary')
  await analytics.close()
  return {
    logRecords: log.length,
    sequences: log.map(record => Number(record.headers.sequence)),
    quotaCounter: summary.data.meters.emits,
    usageEmits,
    acceptedRows,
    acceptedEmits,
  }
}

/**
 * Every figure of the ledger is `count`, and the sequence is dense. `ofPlatform`: events that the platform has published
 * by itself, which take numbers and no quota.
 */
export function expectLedger(ledger: Ledger, count: number, ofPlatform = 0): void {
  const events = count + ofPlatform
  expect(ledger).toEqual({
    logRecords: events,
    sequences: Array.from({ length: events }, (_, index) => index + 1),
    quotaCounter: count,
    usageEmits: count,
    acceptedRows: events,
    acceptedEmits: events,
  })
}
