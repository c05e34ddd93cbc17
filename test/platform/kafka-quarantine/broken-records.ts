/** Batches and records that are broken in any way: each is refused or read, and none stops a neighbour. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { crc32c } from '@node-rs/crc32'
import { encodeBatch } from '../../../src/kafka/protocol/encode-batch.ts'
import { CODES } from '../../../src/model/codes.ts'
import { hostileRecords } from '../../support/hostile-records.ts'
import { type Credential, credentialOf, kafkajsOf } from '../../support/kafka-clients.ts'
import { expectLedger, takeLedger } from '../../support/ledger.ts'
import type { TestOrganization } from '../../support/platform.ts'
import { produceBatches } from '../../support/raw-batches.ts'
import { until } from '../../support/until.ts'
import { everyPage, GENERIC, listed, platform } from './set-up.ts'

/** Three generic events, packed by hand. */
function packed({ topics }: Credential, codec: number, pack: (body: Buffer) => Buffer): Buffer {
  const records = ['a', 'b', 'c'].map(kind => {
    return {
      topic: topics.emits,
      partition: 0,
      key: null,
      value: JSON.stringify({ kind }),
      headers: [['name', GENERIC.name]] as const,
    }
  })
  const plain = encodeBatch(records, {
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    timestampMs: Date.now(),
  })
  const batch = Buffer.concat([plain.subarray(0, 61), pack(plain.subarray(61))])
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt16BE(codec, 21)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

const usage = async ({ call }: TestOrganization) =>
  (await call<{ meters: { emits: number } }>('GET', '/api/v1/usage/summary')).data.meters.emits

export function describeBrokenRecords(): void {
  describe('a batch that only the broker can unpack', () => {
    it('is refused record by record, and later records are judged', async () => {
      const organization = await platform.organization()
      const credential = await credentialOf(organization, 'produce')
      const sent = await produceBatches(credential, [
        packed(credential, 4, body =>
          Buffer.concat([zstdCompressSync(body.subarray(0, 20)), zstdCompressSync(body.subarray(20))]),
        ),
        packed(credential, 1, body => Buffer.concat([gzipSync(body), Buffer.from('garbage')])),
        packed(credential, 4, zstdCompressSync),
      ])
      expect(sent).toEqual([0, 0, 0])
      const entries = await until(() => listed(organization), found => found.length >= 5) // biome-ignore format: one thought
      expect(entries.slice(-3).map(({ offset, code, findings }) => [offset, code, findings[0]?.rule])).toEqual(
        [2, 1, 0].map(offset => [offset, 'payload_invalid', 'undecodable']),
      )
      expect(await until(() => usage(organization), used => used >= 3)).toBeGreaterThanOrEqual(3) // biome-ignore format: one thought
    })
  })

  describe('records of every broken kind', () => {
    it('end accepted or quarantined with a code, each of them once, and neither their partition nor a neighbour stops', async () => {
      const [organization, neighbour] = [await platform.organization(), await platform.organization()]
      const credential = await credentialOf(organization, 'produce')
      const count = 5_000
      const records = hostileRecords(count, 20261121)
      const producer = kafkajsOf(credential).producer()
      await producer.connect()
      for (let at = 0; at < count; at += 250)
        await producer.send({ topic: credential.topics.emits, messages: records.slice(at, at + 250) })
      await producer.send({
        topic: credential.topics.emits,
        messages: [{ value: '{"kind":"last"}', headers: GENERIC }],
      })
      await producer.disconnect()
      const between = await neighbour.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
        ...GENERIC,
        payload: { kind: 'neighbour' },
      })
      expect(between.data.sequence).toBe(1)

      const refusedByNow = async () => (await everyPage(organization)).length
      const accepted = records.filter(record => record.accepted === true).length
      const entries = await until(
        async () => ({ refused: await refusedByNow(), used: (await usage(organization)) - 1 }),
        ({ refused, used }) => refused + used >= count,
        60_000,
      )
      expect(entries.refused + entries.used).toBe(count)
      expect(entries.used).toBeGreaterThanOrEqual(accepted)
      const kept = await everyPage(organization)
      expect(new Set(kept.map(({ offset }) => offset)).size).toBe(kept.length)
      expect(kept.filter(({ code }) => !(code in CODES))).toEqual([])
      const byOffset = new Set(kept.map(({ offset }) => offset))
      records.forEach((record, offset) => {
        if (record.accepted !== undefined && byOffset.has(offset) === record.accepted)
          throw new Error(
            `record ${offset} was ${record.accepted ? 'refused' : 'accepted'}: ${JSON.stringify(record.headers)} ${record.value?.toString().slice(0, 100)}`,
          )
      })
      expectLedger(await takeLedger(platform, organization, entries.used + 1), entries.used + 1)
    }, 90_000)
  })
}
