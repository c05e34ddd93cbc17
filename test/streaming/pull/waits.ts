/** Pulls that wait for events. */
import { describe, expect, it } from '@jest/globals'
import { openTestApi } from '../../api/api-harness.ts'
import { api, live, many, numbers, pull, readAll, untilWaiting, writer } from './set-up.ts'

export function describeWaits(): void {
  describe('a pull that waits', () => {
    it('is answered as soon as something selected comes, and costs no reader of its own', async () => {
      const [organization, other] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
      await writer.write(live(organization), many(3))
      const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
      const before = api.streaming.tail.awake
      const waiting = Array.from({ length: 30 }, (_, at) =>
        pull(organization, {
          ...{ types: at % 2 ? 'shop.refund' : '*', cursor, waitSeconds: 20 },
          ...(at % 4 === 1 ? { filter: '{"payload.n":{"gte":1}}' } : {}),
        }),
      )
      await untilWaiting(30)
      expect(api.streaming.tail.awake).toBe(before + 1)
      await writer.write(live(other), [{ type: 'shop.refund' }])
      await writer.write(live(organization), [{ type: 'shop.order' }])
      await writer.write(live(organization), [{ type: 'shop.refund' }])
      const answers = await Promise.all(waiting)
      for (const [at, answer] of answers.entries())
        expect(numbers(answer)).toEqual(at % 2 ? [5] : expect.arrayContaining([4]))
      const next = await pull(organization, { types: '*', cursor: answers[1]!.meta.nextCursor!, waitSeconds: 0 })
      expect(numbers(next)).toEqual([])
    })

    it('ends when its caller hangs up', async () => {
      const organization = await api.organization('ENTERPRISE')
      const calls = Array.from({ length: 10 }, () => new AbortController())
      const answers = calls.map(({ signal }) =>
        fetch(`${api.base}/api/v1/events?types=*&waitSeconds=20`, {
          headers: { authorization: `Bearer ${organization.apiKey}` },
          signal,
        }).catch(error => (error as Error).name),
      )
      await untilWaiting(10)
      for (const call of calls) call.abort()
      while (api.streaming.pulls.waiting > 0) await new Promise(resolve => setImmediate(resolve))
      expect(new Set(await Promise.all(answers))).toEqual(new Set(['AbortError']))
    })
    it('misses nothing when the log gets more partitions meanwhile', async () => {
      const organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), many(2))
      const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
      const waiting = pull(organization, { types: '*', cursor, waitSeconds: 2 })
      await untilWaiting(1)
      await api.operator('POST', `/api/v1/organizations/${organization.id}/partitions`, { partitions: 2 })
      await writer.write(live(organization), [{ partition: 1 }])
      const first = await waiting
      const next = await pull(organization, { types: '*', cursor: first.meta.nextCursor!, waitSeconds: 20 })
      expect([...numbers(first), ...numbers(next)]).toEqual([3])
    })

    it('may go on at another process, with the cursor of the first', async () => {
      const second = await openTestApi()
      const organization = await api.organization('ENTERPRISE')
      await writer.write(live(organization), many(1))
      const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
      await second.view.waitFor(api.view.appliedOffset, 5_000)
      const elsewhere = { call: second.as(organization.apiKey) }
      const waiting = [
        pull(organization, { types: '*', cursor, waitSeconds: 20 }),
        pull(elsewhere, { types: '*', cursor, waitSeconds: 20 }),
      ]
      while (second.streaming.pulls.waiting === 0) await new Promise(resolve => setImmediate(resolve))
      await writer.write(live(organization), many(1))
      const answers = await Promise.all(waiting)
      expect(answers.map(numbers)).toEqual([[2], [2]])
      expect(numbers(await pull(organization, { types: '*', cursor: answers[1]!.meta.nextCursor! }))).toEqual([])
      await second.close()
    })

    it('is answered without events when its time or its limit has passed, and when the process stops', async () => {
      const organization = await api.organization('ENTERPRISE')
      const empty = await pull(organization, { types: '*', waitSeconds: 1 })
      expect([empty.data, empty.meta.atEnd]).toEqual([[], true])
      const to = new Date(Date.now() + 300).toISOString()
      const limited = await pull(organization, { types: '*', waitSeconds: 20, to })
      expect([limited.data, limited.meta.atEnd]).toEqual([[], true])
    })
  })
}
