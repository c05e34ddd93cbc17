/** The places at which a read begins and ends. */
import { describe, expect, it } from '@jest/globals'
import { logOf } from '../../../src/streaming/streaming.ts'
import { until } from '../../support/until.ts'
import { api, deleteBefore, live, many, numbers, pull, readAll, upTo, writer } from './set-up.ts'

export function describePlaces(): void {
  describe('a place in the log', () => {
    it('is the end, the start, a time or a cursor, for the beginning and for the end of a read', async () => {
      const organization = await api.organization('ENTERPRISE')
      const start = Math.floor(Date.now() / 1_000) * 1_000 - 500_000
      for (let n = 0; n < 300; n++) await writer.write(live(organization), [{ recordedAtMs: start + n * 1_000 }])
      const at = (n: number) => new Date(start + n * 1_000).toISOString()
      const read = async (query: Record<string, string | number>) =>
        numbers(await pull(organization, { types: '*', limit: 1_000, ...query }))
      // The end of the log follows a commit a moment later.
      await until(
        () => readAll(organization, { types: '*', from: 'earliest', limit: 1_000 }),
        ({ found }) => found.length === 300,
      )
      expect(await read({})).toEqual([])
      expect(await read({ from: at(250) })).toEqual(upTo(251, 300))
      expect(await read({ from: at(-1) })).toEqual(upTo(1, 300))
      expect(await read({ from: at(10_000) })).toEqual([])
      expect(await read({ from: at(100), to: at(110) })).toEqual(upTo(101, 110))
      const first = await pull(organization, { types: '*', from: 'earliest', limit: 40 })
      const second = await pull(organization, { types: '*', cursor: first.meta.nextCursor!, limit: 40 })
      expect(await read({ from: first.meta.nextCursor!, to: second.meta.nextCursor! })).toEqual(upTo(41, 80))
      const finite = await pull(organization, {
        types: '*',
        from: 'earliest',
        to: first.meta.nextCursor!,
        limit: 1_000,
      })
      expect([numbers(finite), finite.meta.atEnd]).toEqual([upTo(1, 40), true])
      expect(await read({ from: second.meta.nextCursor!, to: first.meta.nextCursor! })).toEqual([])
    })

    it('of another organization or environment, or one that was changed, is refused with one answer', async () => {
      const [own, other] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
      const made = await own.call('POST', '/api/v1/keys', { name: 't', environment: 'test', scopes: ['events:read'] })
      const cursor = (await pull(own, { types: '*' })).meta.nextCursor!
      const changed = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`
      const ofTest = (await pull({ call: api.as(made.data.apiKey) }, { types: '*' })).meta.nextCursor!
      const answers = [
        await pull(other, { types: '*', cursor }),
        await pull(own, { types: '*', cursor: ofTest }),
        await pull(own, { types: '*', cursor: changed }),
        await pull(own, { types: '*', cursor: cursor.slice(0, 12) }),
        await pull(own, { types: '*', from: changed }),
        await pull(own, { types: '*', from: 'earliest', to: changed }),
        await pull(own, { sequence: '1-2', cursor: changed }),
      ]
      for (const { status, code } of answers) expect([status, code]).toEqual([400, 'invalid_cursor'])
    })

    it('that retention has passed is 410 with the place to go on and the number of lost events, one beyond the end says so', async () => {
      const organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), many(5))
      const early = (await pull(organization, { types: '*', from: 'earliest', limit: 5 })).meta.nextCursor!
      await writer.write(live(organization), many(20))
      // The first transaction with its marker, and then ten events of the second.
      await deleteBefore(organization, 16)
      const expired = await pull(organization, { types: '*', cursor: early })
      expect([expired.status, expired.code]).toEqual([410, 'cursor_expired'])
      const { earliestCursor, lostEvents, reason } = expired.body.error!
      expect([lostEvents, reason]).toEqual([10, undefined])
      expect((await readAll(organization, { types: '*', cursor: earliestCursor as string })).found).toEqual(
        upTo(16, 25),
      )
      expect((await readAll(organization, { types: '*', from: 'earliest' })).found).toEqual(upTo(16, 25))

      const { pages } = api.streaming
      const { topic } = logOf(live(organization))
      await expect(pages.read(topic, 0, 15n, 1_000)).rejects.toMatchObject({ name: 'OffsetExpired', earliest: 16n })
      await expect(pages.read(topic, 0, 28n, 1_000)).rejects.toMatchObject({ name: 'OffsetAhead', end: 27n })
      expect(await pages.read(topic, 0, 27n, 1_000)).toEqual({ records: [], nextOffset: 27n, stableEnd: 27n })
      expect(await pages.bounds(topic)).toEqual([{ earliest: 16n, stableEnd: 27n }])

      const beyond = api.streaming.cursors.encode(live(organization), [1_000_000n], 5)
      const wider = api.streaming.cursors.encode(live(organization), [20n, 20n], 5)
      for (const cursor of [beyond, wider]) {
        const ahead = await pull(organization, { types: '*', cursor })
        expect([ahead.status, ahead.code, ahead.body.error?.reason]).toEqual([410, 'cursor_expired', 'ahead'])
        const again = await pull(organization, {
          types: '*',
          cursor: ahead.body.error!.earliestCursor as string,
          limit: 1,
        })
        expect(numbers(again)).toEqual([16])
      }
    })
  })
}
