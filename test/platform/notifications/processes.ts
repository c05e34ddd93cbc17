/** Processes that are killed or that join: no notification is lost. */
import { describe, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization } from '../../support/platform.ts'
import { channel, closing, ENV, ended, platform, receiver, send, settled } from './set-up.ts'

export function describeProcesses(): void {
  describe('a process', () => {
    it('that is killed in the middle loses no notification, and may repeat it under its id; dedupe and rates hold', async () => {
      const own = await startPlatform({ env: ENV })
      const organization = await own.organization()
      const hook = await receiver(() => 'hang')
      const config = { url: hook.url }
      const rateLimit = { max: 3, perMinutes: 60 }
      await channel(organization, { name: 'hook', type: 'generic_webhook', config, rateLimit })
      const ids = [
        (await send(organization, { channel: 'hook', message: 'a', dedupeKey: 'k' })).id,
        (await send(organization, { channel: 'hook', message: 'b' })).id,
      ]
      await hook.received(2)
      await own.kill()
      hook.answerWith(() => ({ status: 204 }))
      const again = await startPlatform({ env: ENV, dataDir: own.dataDir })
      closing.push(() => again.stop())
      const back: TestOrganization = { ...organization, call: (...args) => again.call(organization.apiKey, ...args) }
      for (const id of ids) expect((await ended(back, id)).status).toBe('sent')
      expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(ids))
      const duplicate = await send(back, { channel: 'hook', message: 'a', dedupeKey: 'k' })
      const last = await send(back, { channel: 'hook', message: 'c' })
      const over = await send(back, { channel: 'hook', message: 'd' })
      expect([await ended(back, duplicate.id), await ended(back, last.id), await ended(back, over.id)]).toMatchObject([
        { status: 'suppressed', suppressedReason: 'dedupe' },
        { status: 'sent' },
        { status: 'suppressed', suppressedReason: 'rate_limit' },
      ])
    }, 180_000)

    it('that joins with the role deliver takes its share, and everything is sent once', async () => {
      const organizations = await Promise.all(Array.from({ length: 8 }, () => platform.organization()))
      const hook = await receiver()
      const other = await startPlatform({ env: ENV, dataDir: platform.dataDir, roles: 'deliver' })
      for (const organization of organizations)
        await channel(organization, { name: 'hook', type: 'generic_webhook', config: { url: hook.url } })
      const sent = await Promise.all(
        organizations.flatMap(organization =>
          Array.from({ length: 5 }, (_, n) => send(organization, { channel: 'hook', message: `${n}` })),
        ),
      )
      await hook.received(40)
      for (const organization of organizations) await settled(organization, 5)
      const ids = hook.requests.map(({ headers }) => headers['webhook-id'])
      expect([ids.length, new Set(ids)]).toEqual([40, new Set(sent.map(({ id }) => id))])
      await other.stop()
    }, 120_000)
  })
}
