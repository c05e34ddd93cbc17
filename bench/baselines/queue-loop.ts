/**
 * The baseline of queues, in this process: what a receive and its ack put through Kafka, and nothing else. Each call is
 * one record that is appended; each answer is appended with a record of state, in one batch under the epoch of its lane.
 * No HTTP, no log is read, nothing is looked up.
 */
import { createAppender } from '../../src/kafka/write/appender.ts'
import { openTransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../src/logger.ts'
import { createTopics } from '../pass-through.ts'
import type { Testbed } from '../testbed.ts'

const PERSIST_MS = 20_000
/** Of a receive of ten messages, as they are stored. */
const BYTES = { command: 150, state: 900, answer: 1_200 }

/** One that commits: what came meanwhile goes into the next transaction. */
interface Lane {
  commit(): Promise<void>
}

/** Cycles a second: each is a call and its answer, twice. */
export async function queueLoop(testbed: Testbed, given: { consumers: number; lanes: number; cycles: number }) {
  const { clock, kafka } = testbed
  const suffix = testbed.random.bytes(4).toString('hex')
  const [commands, state] = ['commands', 'state'].map(name => `bench-queue-${name}-${suffix}`) as [string, string]
  await createTopics(testbed, [commands, state], given.lanes)
  const logger = createLogger('silent')
  const appender = createAppender({ kafka, clock, logger, persistMs: PERSIST_MS })
  const writers = await Promise.all(
    Array.from({ length: given.lanes }, (_, lane) =>
      openTransactionalWriter({
        ...{ kafka, clock, logger, transactionalId: `bench-queue-${suffix}-${lane}` },
        home: { topic: state, partition: lane },
      }),
    ),
  )
  const lanes = writers.map((writer, partition) =>
    laneOf(count =>
      writer.commit(
        Array.from({ length: count }, () => [
          { topic: state, partition, key: 'k', value: Buffer.alloc(BYTES.state) },
          { topic: state, partition, key: 'k', value: Buffer.alloc(BYTES.answer) },
        ]).flat(),
      ),
    ),
  )
  let left = given.cycles
  const consume = async (consumer: number) => {
    const partition = consumer % given.lanes
    while (left-- > 0)
      for (let call = 0; call < 2; call++) {
        await appender.append({ topic: commands, partition, key: 'k', value: Buffer.alloc(BYTES.command) })
        await lanes[partition]!.commit()
      }
  }
  const startedMs = clock.monotonicMs()
  await Promise.all(Array.from({ length: given.consumers }, (_, consumer) => consume(consumer)))
  const rate = given.cycles / ((clock.monotonicMs() - startedMs) / 1_000)
  await Promise.all([appender.close(), ...writers.map(writer => writer.close())])
  return rate
}

function laneOf(write: (count: number) => Promise<unknown>): Lane {
  let waiting: Array<() => void> = []
  let isCommitting = false

  async function pump(): Promise<void> {
    if (isCommitting) return
    isCommitting = true
    while (waiting.length > 0) {
      const these = waiting
      waiting = []
      await write(these.length)
      for (const resolve of these) resolve()
    }
    isCommitting = false
  }

  return {
    commit: () =>
      new Promise(resolve => {
        waiting.push(resolve)
        void pump()
      }),
  }
}
