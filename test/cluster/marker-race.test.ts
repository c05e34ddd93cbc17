/** A catch-up's last numbers are in a transaction whose marker reaches one of two brokers late: nothing is stepped over, on three brokers. */
import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { type KafkaSettings, openWire, type SocketFactory, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createLogEnds } from '../../src/kafka/read/log-ends.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { openTransactionalWriter, type TransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../src/logger.ts'
import { createLogMerge, type LogMerge } from '../../src/replay/ways/log-merge.ts'
import type { Cluster } from './cluster.ts'
import { coordinatorPartition, TRANSACTIONS_TOPIC } from './placement.ts'
import { testCluster } from './test-cluster.ts'
import { until } from './until.ts'

const END_TXN = 26
const LATE = 2
const WRITER = 'marker-race'
const NUMBERS = [1, 2, 3, 4]

const clock = createSystemClock()
const logger = createLogger('silent')
let cluster: Cluster
let wire: Wire
let writer: TransactionalWriter
/** Called before the end of a transaction is requested: its records are on their brokers, and no marker is. */
let beforeEnd: () => void = () => undefined

beforeAll(async () => {
  cluster = await testCluster()
  const kafka: KafkaSettings = {
    brokers: cluster.brokers,
    username: cluster.username,
    password: cluster.password,
    clientId: 'test',
  }
  wire = await openWire(kafka, logger)
  writer = await openTransactionalWriter({ kafka: { ...kafka, socketFactory }, transactionalId: WRITER, clock, logger })
  // The broker that is late has no part in the log of transactions.
  const { topics } = await cluster.describe([TRANSACTIONS_TOPIC])
  await cluster.setReplicas(TRANSACTIONS_TOPIC, coordinatorPartition(WRITER, topics[0]!.partitions.length), [3, 1])
  await cluster.moveCoordinator('transaction', WRITER, 3)
}, 120_000)
afterAll(async () => {
  await writer?.close()
  await wire?.close()
  await cluster?.close()
})

/** Real connections, of which the ends of transactions are known before they are sent. */
const socketFactory: SocketFactory = ({ host, port, onConnect }) => {
  const socket = new Socket().setNoDelay(true).connect(port, host, onConnect)
  const { write } = socket
  let bytesToCome = 0
  socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    const bytes = Buffer.from(chunk as Uint8Array)
    if (bytesToCome > 0) bytesToCome -= bytes.length
    else {
      bytesToCome = 4 + bytes.readInt32BE(0) - bytes.length
      if (bytes.readInt16BE(4) === END_TXN) beforeEnd()
    }
    return Reflect.apply(write, socket, [chunk, ...rest])
  }
  return socket
}

/** One event for each number, in turn on a partition of broker 1 and on one of the broker that is late. */
async function committed(topic: string): Promise<void> {
  await cluster.createTopic({ topic, partitions: [[1, 3], [LATE, 3]] }) // biome-ignore format: one thought
  beforeEnd = () => {
    beforeEnd = () => undefined
    cluster.freeze(LATE)
  }
  await writer.commit(
    NUMBERS.map(number => ({
      ...{ topic, partition: (number + 1) % 2, key: null, value: `${number}` },
      headers: [['sequence', `${number}`]] as Array<[string, string]>,
    })),
  )
}

/** Reads as a catch-up does, from the first number to the last one owed. */
function catchingUp(topic: string) {
  const source = { pages: createLogPages({ wire, clock }), ends: createLogEnds({ wire }) }
  const merge: LogMerge = createLogMerge({ log: source, clock, logger, topic, from: 1, through: () => NUMBERS.at(-1)! })
  const seen: number[] = []
  const gone: object[] = []
  const over = (async () => {
    while (merge.next()! <= NUMBERS.at(-1)!) {
      const read = await merge.read()
      if (!read) return
      if ('gone' in read) gone.push(read.gone)
      else seen.push(...read.records.map(({ number }) => number))
    }
  })()
  return { merge, seen, gone, over, source }
}

describe('a broker that is frozen between the end of a transaction and its marker', () => {
  it('keeps a catch-up waiting for its number until it goes on', async () => {
    const topic = 'events.race_thaw'
    await committed(topic)
    const { seen, gone, over, source, merge } = catchingUp(topic)
    try {
      // The other broker has the marker, and shows a later number.
      await until(
        'the other partition is visible',
        async () => (await source.pages.read(topic, 0, 0)).records.length === 2,
      )
      expect(seen.filter(number => number > 1)).toEqual([])
    } finally {
      cluster.thaw(LATE)
    }
    await over
    merge.close()
    expect([seen, gone]).toEqual([NUMBERS, []])
  })
})
