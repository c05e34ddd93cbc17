/** Calls for a stream that are refused, limited, or delayed. */
import { describe, expect, it } from '@jest/globals'
import { isEvent, openStream, type StreamOptions } from '../../support/stream-client.ts'
import { emit, GENERIC, isOfType, numbersOf, platform, range, stream } from './set-up.ts'

export function describeCalls(): void {
  describe('a call for a stream', () => {
    it('is refused where it is wrong, in the order of checks', async () => {
      const organization = await platform.organization()
      const { apiKey } = organization
      const refused = async (query: Record<string, string>, options: StreamOptions = {}) => {
        const { status, error } = await stream(organization, query, options)
        return [status, error.code, error.details?.[0]?.path]
      }
      expect(await refused({ key: apiKey }, { key: undefined })).toEqual([400, 'key_in_query', '/key'])
      expect(await refused({ other: apiKey }, { key: undefined })).toEqual([400, 'key_in_query', '/other'])
      expect(await refused({}, { key: undefined })).toEqual([401, 'unauthorized', undefined])
      expect(await refused({}, { headers: { accept: 'application/json' } })).toEqual([
        406,
        'not_acceptable',
        '/headers/accept',
      ])
      expect(await refused({ types: 'Not A Selector' })).toEqual([400, 'invalid_event_selector', '/types/0'])
      expect(await refused({ types: Array(101).fill('a.b').join(',') })).toEqual([400, 'validation_failed', '/types'])
      expect(await refused({ filter: '{"all":[{"path":"nope","operator":"equals","value":1}]}' })).toEqual([
        400,
        'validation_failed',
        '/filter/all/0/path',
      ])
      expect(await refused({ from: '2026-13-40T00:00:00Z' })).toEqual([400, 'validation_failed', '/from'])
      expect(await refused({ from: 'never-a-cursor' })).toEqual([400, 'invalid_cursor', '/cursor'])
      expect(await refused({ environment: 'test' })).toEqual([400, 'validation_failed', '/environment'])
      expect(await refused({ format: 'xml' })).toEqual([400, 'validation_failed', '/format'])
      expect(await refused({ statsu: 'x' })).toEqual([400, 'validation_failed', '/statsu'])
      expect(await refused({ types: '' })).toEqual([400, 'validation_failed', '/types'])
      const without = await openStream(`${platform.base}/api/v1/events/stream`, { key: apiKey })
      expect([without.status, without.error.details[0].rule]).toEqual([400, 'required'])
    })

    it('does not take a cursor of another organization, or of the other environment', async () => {
      const [one, other] = [await platform.organization(), await platform.organization()]
      const client = await stream(one)
      const { id } = await client.until(isOfType('ready'))
      client.close()
      expect((await stream(other, { from: id! })).error.code).toBe('invalid_cursor')
      const made = await one.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        ...{ name: 't', environment: 'test', scopes: ['events:read', 'events:emit'] },
      })
      const test = { ...one, apiKey: made.data.apiKey }
      const refused = await stream(test, { from: id! })
      expect(refused.error.code).toBe('invalid_cursor')
      const both = [await stream(one), await stream(test)] as const
      await platform.call(test.apiKey, 'POST', '/api/v1/events/custom/emit', {
        name: GENERIC,
        payload: { kind: 't', data: {} },
      })
      await emit(one, 1)
      expect(await both[0].events(1)).toMatchObject([{ data: { environment: 'live' } }])
      expect(await both[1].events(1)).toMatchObject([{ data: { environment: 'test' } }])
      for (const each of both) {
        expect(each.frames.filter(isEvent).length).toBe(1)
        each.close()
      }
    }, 30_000)

    it('is refused beyond the connections of the plan, unless it replaces its own older one', async () => {
      const organization = await platform.organization('FREE')
      const first = await stream(organization, { client: 'dashboard' })
      await first.until(isOfType('ready'))
      const second = await stream(organization)
      expect([second.status, second.error.code, second.error.details[0].rule]).toEqual([
        429,
        'stream_limit_exceeded',
        'connections',
      ])
      const again = await stream(organization, { client: 'dashboard' })
      expect((await first.until(isOfType('end'))).data.reason).toBe('replaced')
      await first.ended
      await again.until(isOfType('ready'))
      again.close()
    })

    it('is refused beyond twenty distinct filters on one log', async () => {
      const organization = await platform.organization()
      const filter = (value: number) =>
        JSON.stringify({ all: [{ path: 'payload.kind', operator: 'equals', value: `k${value}` }] })
      const open = await Promise.all(range(1, 20).map(value => stream(organization, { filter: filter(value) })))
      expect(open.map(({ status }) => status)).toEqual(Array(20).fill(200))
      const beyond = await stream(organization, { filter: filter(21) })
      expect([beyond.status, beyond.error.code, beyond.error.details[0].rule]).toEqual([
        429,
        'stream_limit_exceeded',
        'filters',
      ])
      const known = await stream(organization, { filter: filter(7) })
      expect(known.status).toBe(200)
      for (const each of [...open, known]) each.close()
    })

    it('delays what is over the rate of the plan, and drops nothing', async () => {
      const organization = await platform.organization('BASIC')
      const client = await stream(organization)
      await client.until(isOfType('ready'))
      const startedMs = performance.now()
      await emit(organization, 250)
      expect(numbersOf(await client.events(250))).toEqual(range(1, 250))
      // 100 at once, and then 100 a second.
      expect(performance.now() - startedMs).toBeGreaterThan(1_400)
      client.close()
    }, 30_000)
  })
}
