/** Batches made by hand, and what becomes of them. */
import { zstdCompressSync } from 'node:zlib'
import { expect } from '@jest/globals'
import { credentialOf } from '../support/kafka-clients.ts'
import { patient } from '../support/patience.ts'
import type { TestOrganization, TestPlatform } from '../support/platform.ts'
import { produceBatches, type RawBatch, type RawRecord, rawBatch } from '../support/raw-batches.ts'
import { until } from '../support/until.ts'

/** Of a test's platform. */
export const RECORDS_MAX = 200

interface Entry {
  id: string
  offset: number
  code: string
  findings: Array<{ rule: string }>
}

export const headers = { name: 'platformxe.generic' }
export const good = (offsetDelta: number, more: Partial<RawRecord> = {}): RawRecord => ({
  offsetDelta,
  value: '{"kind":"good"}',
  headers,
  ...more,
})
export const goods = (...deltas: number[]) => deltas.map(delta => good(delta))
export const zstd: RawBatch = { codec: 4, pack: zstdCompressSync }

export const quarantined = async ({ call }: TestOrganization) =>
  (await call<Entry[]>('GET', '/api/v1/events/custom/quarantine?limit=100')).data
export const emitted = async ({ call }: TestOrganization) =>
  (await call<Array<{ id: string; status: string }>>('GET', '/api/v1/events/custom/emits?limit=100')).data

/** Batches of a few KB that unpack to 15 MB each, so many of each producer at once: they are refused, and a later record is judged. */
export async function expectLargeRefused(platform: TestPlatform, producers: number, count: number): Promise<void> {
  const organizations = await Promise.all(Array.from({ length: producers }, () => platform.organization()))
  const large = rawBatch([good(0, { value: ' '.repeat(15 * 1024 * 1024) })], zstd)
  const batches = [...Array.from({ length: count }, () => large), rawBatch(goods(0))]
  await Promise.all(
    organizations.map(async organization => {
      const sent = await produceBatches(await credentialOf(organization, 'produce'), batches)
      expect(new Set(sent)).toEqual(new Set([0]))
    }),
  )
  for (const organization of organizations) {
    const all = await until(() => emitted(organization), found => found.length > count, patient(60_000)) // biome-ignore format: one thought
    expect([all.length, all.filter(({ status }) => status !== 'REJECTED').length]).toEqual([count + 1, 1])
    const refused = await until(() => quarantined(organization), found => found.length >= count, patient(60_000)) // biome-ignore format: one thought
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['payload_too_large']))
  }
}
