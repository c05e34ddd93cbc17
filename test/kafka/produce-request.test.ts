import { describe, expect, it } from '@jest/globals'
import { produceRequest } from '../../src/kafka/protocol/produce-request.ts'
import { produceAnswer } from '../support/scripted-wire.ts'

const options = { transactionalId: null, version: 11, brokerTimeoutMs: 3_000, timeoutMs: 4_000 } as const

describe('Produce', () => {
  it('groups batches by topic, in a buffer without gaps', () => {
    const batches = [
      { topic: 'ä', partition: 0, batch: Buffer.from([1, 2, 3]) },
      { topic: 'b', partition: 1, batch: Buffer.alloc(200, 7) },
      { topic: 'ä', partition: 2, batch: Buffer.from([4]) },
    ]
    const { body, apiVersion, timeoutMs } = produceRequest(batches, options)
    const hex = [
      '00', // tags of the header
      '00', // no transactional id
      'ffff', // all replicas
      '00000bb8', // 3 s
      '03', // two topics
      ...['03c3a4', '03', '00000000', '04010203', '00', '00000002', '0204', '00', '00'],
      ...['0262', '02', '00000001', `c901${'07'.repeat(200)}`, '00', '00'],
      '00',
    ].join('')
    expect(body.toString('hex')).toBe(hex)
    expect([apiVersion, timeoutMs]).toEqual([11, 4_000])
  })

  it('reads the leader that a broker names, with its address', () => {
    const batches = [
      { topic: 'a', partition: 0 },
      { topic: 'b', partition: 3 },
    ]
    const leader = { node: 2, epoch: 8, host: 'kafka-2', port: 9092 }
    const answer = produceAnswer(batches, { 'a/0': { baseOffset: 12 }, 'b/3': { errorCode: 6, leader } })
    expect(produceRequest([], options).decode(answer)).toEqual([
      { topic: 'a', partition: 0, errorCode: 0, message: '', baseOffset: 12, logAppendTimeMs: -1, leader: undefined },
      { topic: 'b', partition: 3, errorCode: 6, message: '', baseOffset: -1, logAppendTimeMs: -1, leader },
    ])
  })
})
