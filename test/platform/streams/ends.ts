/** Streams that the platform ends. */
import { describe, expect, it } from '@jest/globals'
import { patient } from '../../support/patience.ts'
import { isEvent } from '../../support/stream-client.ts'
import { until } from '../../support/until.ts'
import { emit, isOfType, numbersOf, platform, range, stream } from './set-up.ts'

export function describeEnds(): void {
  describe('a stream ends', () => {
    it('when its key is deleted, its organization suspended, and by a call', async () => {
      const organization = await platform.organization()
      const made = await organization.call<{ apiKey: string; key: { id: string } }>('POST', '/api/v1/keys', {
        ...{ name: 'k', environment: 'live', scopes: ['events:read'] },
      })
      const ofKey = await stream({ apiKey: made.data.apiKey })
      const ended = await stream(organization)
      const left = await stream(organization)
      await organization.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
      expect((await ofKey.until(isOfType('end'))).data.reason).toBe('revoked')
      await ofKey.ended

      const list = await organization.call<Array<{ id: string }>>('GET', '/api/v1/events/streams')
      expect(list.data.length).toBe(2)
      const id = ended.frames[0]!.data.streamId as string
      expect(list.data).toContainEqual(
        expect.objectContaining({ id, transport: 'sse', types: ['*'], client: null, behindEvents: 0 }),
      )
      const stranger = await platform.organization()
      expect((await stranger.call('DELETE', `/api/v1/events/streams/${id}`)).status).toBe(404)
      expect((await organization.call('DELETE', `/api/v1/events/streams/${id}`)).data).toEqual({ id, ended: true })
      expect((await ended.until(isOfType('end'))).data.reason).toBe('revoked')

      await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${organization.org.id}/suspend`)
      expect((await left.until(isOfType('end'))).data.reason).toBe('revoked')
      expect((await stream(organization)).error.code).toBe('organization_suspended')
    }, 30_000)

    it('when its key expires', async () => {
      const organization = await platform.organization()
      const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        ...{ name: 'k', environment: 'live', scopes: ['events:read'] },
        expiresAt: new Date(Date.now() + 2_000).toISOString(),
      })
      const client = await stream({ apiKey: made.data.apiKey })
      expect((await client.until(isOfType('end'))).data.reason).toBe('revoked')
    }, 30_000)

    it('when its client takes nothing for half a minute, while another one beside it stays live', async () => {
      const organization = await platform.organization()
      const stalled = await stream(organization)
      const live = await stream(organization)
      await stalled.until(isOfType('ready'))
      stalled.pause()
      const text = 'x'.repeat(20_000)
      await emit(organization, 500, { text })
      expect(numbersOf(await live.events(500))).toEqual(range(1, 500))
      const list = await organization.call<Array<{ unsentBytes: number }>>('GET', '/api/v1/events/streams')
      for (const { unsentBytes } of list.data) expect(unsentBytes).toBeLessThan(256 * 1024)
      const isOpen = async () => (await organization.call<unknown[]>('GET', '/api/v1/events/streams')).data.length > 1
      await until(isOpen, answer => !answer, patient(45_000))
      stalled.resume()
      await stalled.ended
      const seen = numbersOf(stalled.frames)
      const last = stalled.frames.filter(isEvent).at(-1)!
      const resumed = await stream(organization, {}, { headers: { 'last-event-id': last.id! } })
      expect([...seen, ...numbersOf(await resumed.events(500 - seen.length))]).toEqual(range(1, 500))
      live.close()
      resumed.close()
    }, 90_000)
  })
}
