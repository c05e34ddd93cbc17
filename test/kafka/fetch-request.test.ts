import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { errorName } from '../../src/kafka/protocol/error-codes.ts'
import { type FetchPartition, type FetchSettings, fetchRequest } from '../../src/kafka/protocol/fetch-request.ts'
import { decodeRecordSet } from '../../src/kafka/protocol/record-batch.ts'
import { openWire, type Wire } from '../../src/kafka/protocol/wire.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createLogger } from '../../src/logger.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const SETTINGS: FetchSettings = {
  maxWaitMs: 250,
  bytesMin: 1,
  bytesMax: 4096,
  partitionBytesMax: 1024,
  sessionId: 7,
  sessionEpoch: 3,
}
const hex = (...parts: string[]) => parts.join('').replaceAll(' ', '')
const ID = '0102030405060708090a0b0c0d0e0f10'
const OTHER_ID = 'ffeeddccbbaa99887766554433221100'

describe('a fetch request, byte for byte', () => {
  it('names partitions by topic id, with the leader epoch, the offset and the epoch before it', () => {
    const partitions: FetchPartition[] = [
      { topicId: ID, partition: 2, leaderEpoch: 5, offset: 0x1_0000_0002, lastEpoch: 4 },
      { topicId: OTHER_ID, partition: 0, leaderEpoch: -1, offset: 0, lastEpoch: -1 },
      { topicId: ID, partition: 3, leaderEpoch: 0, offset: 9, lastEpoch: -1 },
    ]
    const request = fetchRequest(SETTINGS, partitions, [{ topicId: OTHER_ID, partition: 8 }])
    expect({ ...request, body: request.body.toString('hex'), decode: undefined }).toEqual({
      apiKey: 1,
      apiVersion: 17,
      apiName: 'Fetch',
      timeoutMs: 3_250,
      answerBytesMax: 4096 + 8 * 1024 * 1024,
      decode: undefined,
      body: hex(
        '00', // tags of the header
        '000000fa 00000001 00001000 01 00000007 00000003',
        '03', // two topics
        ID,
        '03', // two partitions
        '00000002 00000005 0000000100000002 00000004 ffffffffffffffff 00000400 00',
        '00000003 00000000 0000000000000009 ffffffff ffffffffffffffff 00000400 00',
        '00',
        OTHER_ID,
        '02 00000000 ffffffff 0000000000000000 ffffffff ffffffffffffffff 00000400 00',
        '00',
        '02', // one topic to forget
        OTHER_ID,
        '02 00000008 00',
        '01', // rack
        '00',
      ),
    })
  })

  it('is as short as it can be when nothing has changed', () => {
    expect(fetchRequest(SETTINGS, [], []).body.toString('hex')).toBe(
      hex('00 000000fa 00000001 00001000 01 00000007 00000003 01 01 01 00'),
    )
  })
})

describe('the answer to a fetch', () => {
  const decode = (...parts: string[]) => fetchRequest(SETTINGS, [], []).decode(Buffer.from(hex(...parts), 'hex'))
  const partition = (rest: string) => `00000001 ${rest}`

  it('contains aborted transactions, and its record set is a view of it', () => {
    const payload = Buffer.from(
      hex(
        '00 00000000 0000 00000009 02',
        ID,
        '02',
        partition('0000 0000000000000010 000000000000000f 0000000000000002'),
        '02 0000000000000063 000000000000000a 00', // producer 99 from 10
        'ffffffff 04 aabbcc 00',
        '00 00',
      ),
      'hex',
    )
    const answer = fetchRequest(SETTINGS, [], []).decode(payload)
    expect(answer).toEqual({
      errorCode: 0,
      sessionId: 9,
      endpoints: [],
      partitions: [
        {
          topicId: ID,
          partition: 1,
          errorCode: 0,
          stableEnd: 15,
          abortedTransactions: [{ producerId: 99n, firstOffset: 10 }],
          recordSet: Buffer.from('aabbcc', 'hex'),
          diverging: undefined,
          leader: undefined,
        },
      ],
    })
    expect(answer.partitions[0]!.recordSet.buffer).toBe(payload.buffer)
  })

  it('contains the leader and its address, and unknown tags are skipped', () => {
    const answer = decode(
      '00 00000000 0000 00000000 02',
      ID,
      '02',
      partition('004a ffffffffffffffff ffffffffffffffff ffffffffffffffff 00 ffffffff 00'), // fenced, nothing aborted, no records
      '02 01 09 00000003 0000000c 00 63 02 beef', // leader 3 under epoch 12; an unknown tag
      '00',
      '01 00 15', // endpoints of the answer
      '02 00000003 09 6c6f63616c686f73 00002384 00 00',
    )
    expect(answer.endpoints).toEqual([{ node: 3, host: 'localhos', port: 9092 }])
    expect(answer.partitions).toMatchObject([
      { errorCode: 74, leader: { node: 3, epoch: 12 }, abortedTransactions: [], recordSet: Buffer.alloc(0) },
    ])
  })

  it('contains the point where the logs diverge', () => {
    const answer = decode(
      '00 00000000 0000 00000000 02',
      ID,
      '02',
      partition('0000 0000000000000010 0000000000000010 0000000000000000 01 ffffffff 00'),
      '01 00 0d 00000004 000000000000000b 00',
      '00 00',
    )
    expect(answer.partitions[0]!.diverging).toEqual({ epoch: 4, endOffset: 11 })
  })

  it('names no leader where the broker knows none', () => {
    const answer = decode(
      '00 00000000 0000 00000000 02',
      ID,
      '02',
      partition('0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 01 ffffffff 00'),
      '01 01 09 ffffffff ffffffff 00',
      '00 00',
    )
    expect(answer.partitions[0]!.leader).toBeUndefined()
  })
})

describe('a broker', () => {
  const clock = createSystemClock()
  let runtime: TestRuntime
  let wire: Wire
  let topic: string
  beforeAll(async () => {
    runtime = await testRuntime()
    wire = await openWire(runtime.kafka, createLogger('silent'))
    topic = await runtime.createTopic('fetched', 2)
    const appender = createAppender({ kafka: runtime.kafka, clock, logger: createLogger('silent'), persistMs: 10_000 })
    for (const value of ['a', 'b', 'c']) await appender.append({ topic, partition: 1, key: null, value })
    await appender.close()
    await wire.cluster.load([topic])
  })
  afterAll(async () => {
    await wire.close()
    await runtime.close()
  })

  async function fetch(changes: Partial<FetchPartition>) {
    const { node, epoch } = wire.cluster.leader(topic, 1)!
    const topicId = wire.cluster.known(topic)!.id
    const asked = { topicId, partition: 1, leaderEpoch: epoch, offset: 0, lastEpoch: -1, ...changes }
    const session = { sessionId: 0, sessionEpoch: -1 }
    const { partitions } = await wire.send(
      node,
      fetchRequest({ ...SETTINGS, ...session, bytesMax: 1024 * 1024 }, [asked], []),
    )
    return {
      ...partitions[0]!,
      error: partitions[0]!.errorCode === 0 ? undefined : errorName(partitions[0]!.errorCode),
    }
  }

  it('gives records by topic id, with the epoch they were written under', async () => {
    const fetched = await fetch({ offset: 1, lastEpoch: 0 })
    const { records, nextOffset, epochs } = decodeRecordSet(fetched.recordSet, topic, 1, 1, fetched.abortedTransactions)
    expect(records.map(({ value }) => value!.toString())).toEqual(['b', 'c'])
    expect([nextOffset, fetched.stableEnd]).toEqual([3, 3])
    expect(epochs).toEqual([{ epoch: 0, from: 1 }])
  })

  it('says so when it knows another topic id, another leader epoch, or has no such offset', async () => {
    expect(await fetch({ topicId: OTHER_ID })).toMatchObject({ error: 'UNKNOWN_TOPIC_ID' })
    expect(await fetch({ leaderEpoch: 100 })).toMatchObject({ error: 'UNKNOWN_LEADER_EPOCH' })
    expect(await fetch({ offset: 50 })).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' })
  })

  it('contains the end of an epoch when the position is beyond it', async () => {
    expect(await fetch({ offset: 50, lastEpoch: 0 })).toMatchObject({
      error: undefined,
      diverging: { epoch: 0, endOffset: 3 },
    })
  })
})
