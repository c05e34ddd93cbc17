/** Batches made by hand, on a real broker under an organization's own topic: none chooses an offset, stops the partition, or fills the memory. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { credentialOf } from '../support/kafka-clients.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { produceBatches, type RawBatch, type RawRecord, rawBatch } from '../support/raw-batches.ts'
import { TIMES } from '../support/searches.ts'
import { until } from '../support/until.ts'
import { emitted, expectLargeRefused, good, goods, quarantined, RECORDS_MAX, zstd } from './hand-made-batches.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform({ env: { CLARION_BATCH_RECORDS_MAX: String(RECORDS_MAX) } })
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

/** Sends a batch between two good ones; answers what became of the emits, once all are judged. */
async function between(batch: Buffer, refusedCount: number) {
  const organization = await platform.organization()
  const credential = await credentialOf(organization, 'produce')
  const sent = await produceBatches(credential, [rawBatch(goods(0)), batch, rawBatch(goods(0))])
  const refused = await until(() => quarantined(organization), found => found.length >= refusedCount) // biome-ignore format: one thought
  const all = await until(() => emitted(organization), found => found.length >= refusedCount + 2) // biome-ignore format: one thought
  return {
    sent,
    refused: refused
      .map(({ offset, code, findings }) => [offset, code, findings[0]?.rule])
      .sort(([a], [b]) => Number(a) - Number(b)),
    accepted: all.filter(({ status }) => status !== 'REJECTED').length,
    ids: new Set(all.map(({ id }) => id)).size,
  }
}

describe('an uncompressed batch, into which the broker does not look,', () => {
  const DELTAS = [[[0, 2 ** 31 - 1]], [[-3, 0]], [[0, 5]], [[0, 0]], [[1, 0]]]
  it.each(DELTAS.slice(0, 2 * TIMES))(
    'whose records claim the offsets %j goes to quarantine in its own places',
    async deltas => {
      expect(await between(rawBatch(goods(...deltas)), 2)).toEqual({
        sent: [0, 0, 0],
        refused: [1, 2].map(offset => [offset, 'payload_invalid', 'undecodable']),
        accepted: 2,
        ids: 4,
      })
    },
    60_000,
  )
})

describe('a batch of many small records', () => {
  const tiny = (count: number) => rawBatch(Array.from({ length: count }, (_, delta) => ({ offsetDelta: delta, value: '' })), zstd) // biome-ignore format: one thought

  it('is one entry in quarantine if they are too many', async () => {
    expect(await between(tiny(RECORDS_MAX + 1), 1)).toEqual({
      sent: [0, 0, 0],
      refused: [[1, 'payload_invalid', 'undecodable']],
      accepted: 2,
      ids: 3,
    })
  }, 60_000)

  it('of as many as a number can count never gets in, nor does any batch whose counts and lengths are lies', async () => {
    const credential = await credentialOf(await platform.organization(), 'produce')
    const lies: Array<[RawRecord[], RawBatch]> = [
      ...[{}, zstd].flatMap(
        (packed): Array<[RawRecord[], RawBatch]> => [
          [goods(0, 1), { ...packed, count: 2 ** 31 - 1 }],
          [goods(0, 1), { ...packed, count: 0 }],
          [goods(0, 1), { ...packed, count: -1, lastOffsetDelta: 1 }],
          [goods(0, 1), { ...packed, count: 1 }],
          [goods(0, 1), { ...packed, lastOffsetDelta: 7 }],
          [[good(0, { keyLength: 1_000_000 })], packed],
          [[good(0, { headerCount: 2 ** 30 })], packed],
          [[good(0, { headerCount: -1, headers: {} })], packed],
        ],
      ),
      [goods(0), { attributes: 0x20 }],
      [goods(0), { attributes: 0x10 }],
      [goods(0), { codec: 7 }],
      [goods(0), { magic: 1 }],
      [goods(0, 5), zstd],
    ]
    const sent = await produceBatches(credential, lies.map(([records, raw]) => rawBatch(records, raw))) // biome-ignore format: one thought
    expect(sent.filter(code => code === 0)).toEqual([])
  }, 60_000)
})

describe('batches of a few KB that unpack to 15 MB each', () => {
  it('from several producers at once are refused one after the other, and later records are judged', async () => {
    await expectLargeRefused(platform, 3, 5)
  }, 180_000)
})
