/**
 * The progress of `admit`, from its changelog: the positions and counters that it commits with each transaction. One small record a transaction
 * is read, so that watching costs next to nothing.
 */

import type { LogRecord } from '../src/kafka/ports.ts'
import { openWire } from '../src/kafka/protocol/wire.ts'
import { createLogReader } from '../src/kafka/read/log-reader.ts'
import { createLogger } from '../src/logger.ts'
import {
  admissionCounters,
  counterKeys,
  inputPositionCodec,
  organizationCountersCodec,
} from '../topics/admission-counters.ts'
import { shards as shardsTopic } from '../topics/shards.ts'
import type { BenchOrganization } from './organizations.ts'
import type { Sample } from './rates.ts'
import type { Testbed } from './testbed.ts'

export interface Watch {
  /** Records of the organizations that have been judged. */
  judged(): number
  /** Of these, accepted: the sequence numbers given. */
  accepted(): number
  /** Resolves with how it went from now on when `count` more are judged. Totals count from now. */
  follow(count: number): Promise<Sample[]>
  close(): Promise<void>
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

/** Returns when it has seen all that is there. */
export async function watchAdmission(testbed: Testbed, organizations: BenchOrganization[]): Promise<Watch> {
  const { kafka, clock } = testbed
  const topics = new Set(organizations.map(organization => organization.topic))
  const ids = new Set(organizations.map(organization => organization.id))
  const positions = new Map<string, number>()
  const sequences = new Map<string, number>()
  const judged = () => sum(positions.values())
  let onProgress: () => void = () => undefined

  function apply({ key: bytes, value }: LogRecord): void {
    const key = bytes && value ? counterKeys.parse(bytes.toString()) : undefined
    if (key === undefined) return
    if ('organizationId' in key) {
      if (ids.has(key.organizationId))
        sequences.set(key.organizationId, organizationCountersCodec.decode(value!).sequenceLive)
    } else if (topics.has(key.topic)) {
      positions.set(`${key.topic}/${key.partition}`, inputPositionCodec.decode(value!).nextOffset)
    }
  }

  const logger = createLogger('silent')
  const wire = await openWire(kafka, logger)
  const { partitions } = (await wire.metadata([shardsTopic.name]))[0]!
  const ends = new Map<number, number>()
  for (let shard = 0; shard < partitions.length; shard++) {
    const end = await wire.offset(admissionCounters.name, shard, 'latest')
    if (end > 0) ends.set(shard, end)
  }
  await wire.close()

  return new Promise((resolve, reject) => {
    const reader = createLogReader({
      kafka,
      clock,
      logger,
      events: {
        onRecords(_topic, partition, records, nextOffset) {
          for (const record of records) apply(record)
          onProgress()
          if (
            (ends.get(partition) ?? Number.POSITIVE_INFINITY) <= nextOffset &&
            ends.delete(partition) &&
            ends.size === 0
          )
            resolve(watch)
        },
        onFatal: reject,
      },
    })
    const watch: Watch = {
      judged,
      accepted: () => sum(sequences.values()),
      follow(count) {
        const from = judged()
        const samples: Sample[] = [{ atMs: clock.monotonicMs(), total: 0 }]
        return new Promise(done => {
          onProgress = () => {
            const total = judged() - from
            if (total > 0) samples.push({ atMs: clock.monotonicMs(), total })
            if (total >= count) done(samples)
          }
        })
      },
      close: () => reader.close(),
    }
    for (let shard = 0; shard < partitions.length; shard++) reader.assign(admissionCounters.name, shard, 'earliest')
    if (ends.size === 0) resolve(watch)
  })
}
