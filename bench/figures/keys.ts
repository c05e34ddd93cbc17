/**
 * Idempotency keys: a shard's are restored from a topic of their own, beside reading the same bytes and doing nothing with them; then as many
 * again are held, in transactions of a thousand, which shows the longest time that growing takes of the event loop.
 */
import { hash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type AdmissionState, createAdmissionState } from '../../processors/admit/admission-state.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createLogger } from '../../src/logger.ts'
import { emitId, eventId } from '../../src/model/ids.ts'
import { admissionKeys, admissionKeysCodec, type HeldKey } from '../../topics/admission-keys.ts'
import { createTopics } from '../pass-through.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** Of `--records`: ten million. */
const TIMES_THE_RECORDS = 200
const KEYS_PER_RECORD = 4_000
const KEYS_PER_TRANSACTION = 1_000
const RECORDS_AT_ONCE = 8
const ORGANIZATIONS = 3
/** Emits of one of them that are judged one after the other. */
const KEYS_IN_A_ROW = 100
const GOAL = { seconds: 20, bytes: 100 } as const
const NEVER_FULL = Number.POSITIVE_INFINITY

export async function measureKeys(testbed: Testbed): Promise<Row[]> {
  const count = testbed.options.records * TIMES_THE_RECORDS
  const nowMs = Math.round(testbed.clock.nowMs())
  await createTopics(testbed, [admissionKeys.name], 1)
  testbed.say(`writing ${whole(count)} keys`)
  await fill(testbed, count, nowMs)
  const reading = await readAll(testbed, count, () => undefined)
  testbed.say(
    `read ${whole(reading.bytes / 1024 / 1024)} MB in ${short(reading.seconds)} s, ${short(reading.cpuSeconds)} s of CPU`,
  )
  const before = memory()
  const state = createAdmissionState({ random: testbed.random, nowMs: () => nowMs, keysRemembered: () => NEVER_FULL })
  const restoring = await readAll(testbed, count, record => state.restore({ ...record, topic: admissionKeys.name }))
  testbed.say(
    `restored in ${short(restoring.seconds)} s, ${short(restoring.cpuSeconds)} s of CPU, ${whole((memory() - before) / count)} bytes a key`,
  )
  const longestMs = grow(testbed, state, count, nowMs)
  const bytes = (memory() - before) / (2 * count)
  const millions = (keys: number) => short(keys / 1e6)
  return [
    {
      ...{ figure: `restore of ${millions(count)} million keys, s`, clarion: short(restoring.seconds) },
      ...{
        baseline: `${short(reading.seconds)} (reading the bytes)`,
        ratio: short(restoring.seconds / reading.seconds),
      },
      ...{ goal: `≤ ${GOAL.seconds} s`, holds: restoring.seconds <= GOAL.seconds },
    },
    {
      ...{
        figure: `memory of ${millions(2 * count)} million keys, bytes a key`,
        clarion: whole(bytes),
        baseline: '–',
        ratio: '–',
      },
      ...{ goal: `≤ ${GOAL.bytes}`, holds: bytes <= GOAL.bytes },
    },
    {
      ...{
        figure: `longest of ${KEYS_PER_TRANSACTION} keys on the way there, ms`,
        clarion: short(longestMs),
        baseline: '–',
      },
      ...{ ratio: '–', goal: '–', holds: undefined },
    },
  ]
}

/** As an accepted emit of one of a few organizations holds it. */
function keyOf(number: number, nowMs: number): HeldKey {
  const organizationId = `org_${String(Math.floor(number / KEYS_IN_A_ROW) % ORGANIZATIONS).padStart(26, '0')}`
  const digest = hash('sha256', `live\0key-${number}`, 'buffer')
  const timestampMs = nowMs - 1_000_000_000 + number
  const place = {
    timestampMs,
    partition: 0,
    offset: number,
    organizationId,
    environment: 'live',
    kind: 'emits',
  } as const
  return {
    ...{ organizationId, keyHash: digest.subarray(0, 16), contentHash: digest.subarray(16), recordedAtMs: timestampMs },
    ...{
      emitId: emitId(place),
      eventId: eventId(place),
      canonicalName: `TENANT_CUSTOM:${organizationId}:acme.order.paid@1.0.0`,
    },
    sequence: number,
  }
}

async function fill(testbed: Testbed, count: number, nowMs: number): Promise<void> {
  const appender = createAppender({
    kafka: testbed.kafka,
    clock: testbed.clock,
    logger: createLogger('silent'),
    persistMs: 30_000,
  })
  const recordOf = (from: number) => {
    const keys = Array.from({ length: Math.min(KEYS_PER_RECORD, count - from) }, (_, index) =>
      keyOf(from + index, nowMs),
    )
    return { topic: admissionKeys.name, partition: 0, key: null, value: admissionKeysCodec.encode({ keys }) }
  }
  for (let from = 0; from < count; from += RECORDS_AT_ONCE * KEYS_PER_RECORD) {
    const starts = Array.from({ length: RECORDS_AT_ONCE }, (_, index) => from + index * KEYS_PER_RECORD).filter(
      start => start < count,
    )
    // One request each: together they would be larger than the topic takes.
    for (const start of starts) await appender.append(recordOf(start))
  }
  await appender.close()
}

interface Read {
  seconds: number
  /** CPU time of this process, s: what is left of them on a machine that others use. */
  cpuSeconds: number
  bytes: number
}

async function readAll(testbed: Testbed, count: number, take: (record: LogRecord) => void): Promise<Read> {
  const logger = createLogger('silent')
  const wire = await openWire(testbed.kafka, logger)
  const end = await wire.offset(admissionKeys.name, 0, 'latest')
  await wire.close()
  const startedAtMs = testbed.clock.monotonicMs()
  const startedCpu = process.cpuUsage()
  let bytes = 0
  let close: () => Promise<void> = async () => undefined
  await new Promise<void>((resolve, reject) => {
    const reader = createLogReader({
      ...{ kafka: testbed.kafka, clock: testbed.clock, logger },
      events: {
        onRecords(_topic, _partition, records, nextOffset) {
          for (const record of records) {
            bytes += record.value?.length ?? 0
            take(record)
          }
          if (nextOffset >= end) resolve()
        },
        onFatal: reject,
      },
    })
    close = () => reader.close()
    reader.assign(admissionKeys.name, 0, 'earliest')
  })
  const seconds = (testbed.clock.monotonicMs() - startedAtMs) / 1_000
  const { user, system } = process.cpuUsage(startedCpu)
  await close()
  if (bytes < count) throw new Error(`the topic has ${bytes} bytes, too few for ${count} keys`)
  return { seconds, cpuSeconds: (user + system) / 1e6, bytes }
}

/** Holds as many keys again; answers the longest transaction, ms, with what made the keys left out. */
function grow(testbed: Testbed, state: AdmissionState, count: number, nowMs: number): number {
  let longestMs = 0
  for (let from = count; from < 2 * count; from += KEYS_PER_TRANSACTION) {
    const keys = Array.from({ length: KEYS_PER_TRANSACTION }, (_, index) => keyOf(from + index, nowMs))
    const startedAtMs = testbed.clock.monotonicMs()
    for (const key of keys) state.hold(key, NEVER_FULL)
    longestMs = Math.max(longestMs, testbed.clock.monotonicMs() - startedAtMs)
    state.seal(0)
    state.committed()
  }
  return longestMs
}

/** In use by objects and arrays, bytes, after a collection. */
function memory(): number {
  setFlagsFromString('--expose_gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
