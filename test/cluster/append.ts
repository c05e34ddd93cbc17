/** Appends from outside the platform: one record, idempotently, for as long as it takes, through any fault of brokers. */
import { createSystemClock } from '../../src/clock.ts'
import { encodeBatch } from '../../src/kafka/protocol/encode-batch.ts'
import { errorName } from '../../src/kafka/protocol/error-codes.ts'
import {
  type CompactReader,
  compact,
  compactArray,
  flexibleRequest,
  int16,
  int32,
  NO_TAGS,
} from '../../src/kafka/protocol/flexible.ts'
import { type KafkaSettings, openWire, type Wire, type WireRequest } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { HUNG_MS } from './until.ts'

const PAUSE_MS = 50
const BROKER_TIMEOUT_MS = 3_000
const DUPLICATE = 46
const NULL = Buffer.of(0)

/** Resolves when every replica in sync has it. Appends of different topics do not wait for each other. */
export type Append = (topic: string, value: string) => Promise<void>

export async function openAppend(kafka: KafkaSettings): Promise<{ append: Append; close(): Promise<void> }> {
  const clock = createSystemClock()
  const wire = await openWire(kafka, createLogger('silent'))
  async function append(topic: string, value: string): Promise<void> {
    const deadlineMs = clock.monotonicMs() + HUNG_MS
    let last: unknown
    let batch: Buffer | undefined
    while (clock.monotonicMs() < deadlineMs) {
      try {
        batch ??= await batchOf(wire, topic, value)
        await send(wire, topic, batch)
        return
      } catch (error) {
        last = error
        wire.cluster.stale(topic)
        await clock.sleep(PAUSE_MS)
      }
    }
    throw last
  }
  return { append, close: () => wire.close() }
}

/** With a producer of its own: sent again, it is the same record. */
async function batchOf(wire: Wire, topic: string, value: string): Promise<Buffer> {
  const identity = await wire.initProducerId(null, 0)
  const record = { topic, partition: 0, key: null, value }
  return encodeBatch([record], { ...identity, baseSequence: 0, transactional: false, timestampMs: Date.now() })
}

async function send(wire: Wire, topic: string, batch: Buffer): Promise<void> {
  await wire.cluster.load([topic])
  const leader = wire.cluster.leader(topic, 0)
  if (!leader) throw new Error(`${topic}/0 has no leader`)
  const code = await wire.send(leader.node, produceRequest(topic, batch), topic)
  if (code !== 0 && code !== DUPLICATE) throw new Error(`${topic}/0: ${errorName(code)}`)
}

/** Produce 9; answers the error code of the one partition. */
function produceRequest(topic: string, batch: Buffer): WireRequest<number> {
  return flexibleRequest({
    apiKey: 0,
    apiVersion: 9,
    apiName: 'Produce',
    body: [
      NULL,
      int16(-1),
      int32(BROKER_TIMEOUT_MS),
      compactArray([[compact(topic), compactArray([[int32(0), compact(batch), NO_TAGS]]), NO_TAGS]]),
    ],
    timeoutMs: BROKER_TIMEOUT_MS + 1_000,
    decode: (reader: CompactReader) =>
      reader.array(() => {
        reader.string()
        return reader.array(() => {
          reader.int32() // partition
          return reader.int16()
        })
      })[0]![0]!,
  })
}
