/** Endpoints that fail or are deleted, and what is announced about them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { TestOrganization } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { deliveryAt, emit, platform, receiver, settled, webhook } from './set-up.ts'

interface Hook {
  active: boolean
  health: string
  failingSince: string | null
}

const hookOf = (organization: TestOrganization, id: string) => async () =>
  (await organization.call<Hook>('GET', `/api/v1/webhooks/${id}`)).data

const lifecycleOf = async (organization: TestOrganization, id: string) =>
  (await organization.call<Array<{ type: string }>>('GET', `/api/v1/audit?entityId=${id}`)).data.map(({ type }) => type)

/** Mail to the owner of this organization, in the order in which it was sent. */
function mailOf({ slug }: TestOrganization): string[] {
  const directory = join(platform.dataDir, 'mailbox')
  const files = existsSync(directory) ? readdirSync(directory).filter(file => file.endsWith('.eml')) : []
  const texts = files.sort().map(file => readFileSync(join(directory, file), 'utf8'))
  return texts.filter(text => text.includes(`To: ${slug}@example.test`)).map(text => /^Subject: (.*)$/m.exec(text)![1]!)
}

export function describeEndpoints(): void {
  describe('a failing endpoint', () => {
    it('is shown, reported to the owner once by mail, and stays active; its first success is its recovery', async () => {
      const organization = await platform.organization()
      let status = 500
      const { url } = await receiver(() => ({ status }))
      const id = await webhook(organization, url, { retry: { delays: [0, '1m'] } })
      for (let n = 0; n < 10; n++) await emit(organization, n)
      await settled(organization, id, 'failed', 10)
      const failing = await until(hookOf(organization, id), hook => hook.health === 'failing')
      expect(failing).toMatchObject({ active: true, health: 'failing' })
      expect(Date.parse(failing.failingSince!)).toBeGreaterThan(0)
      status = 200
      await emit(organization, 10)
      expect(await until(hookOf(organization, id), hook => hook.health === 'healthy')).toMatchObject({
        active: true,
        failingSince: null,
      })
      await until(
        async () => mailOf(organization),
        mails => mails.length === 2,
      )
      expect(mailOf(organization)).toEqual([`Webhook ${id} is failing`, `Webhook ${id} has recovered`])
      const types = await until(
        () => lifecycleOf(organization, id),
        list => list.includes('WEBHOOK_RECOVERED'),
      )
      expect(types).toEqual(['WEBHOOK_RECOVERED', 'WEBHOOK_FAILING', 'WEBHOOK_CREATED'])
    }, 60_000)

    it('that is gone (410) is switched off at once', async () => {
      const organization = await platform.organization()
      const { url } = await receiver(() => ({ status: 410 }))
      const id = await webhook(organization, url)
      await emit(organization, 1)
      expect(await until(hookOf(organization, id), hook => !hook.active)).toMatchObject({
        active: false,
        health: 'failing',
      })
      const [failed] = await settled(organization, id, 'failed')
      expect(failed).toMatchObject({ attempts: 1, reason: 'gone', responseStatus: 410 })
      const types = await until(
        () => lifecycleOf(organization, id),
        list => list.includes('WEBHOOK_DISABLED'),
      )
      expect(types.sort()).toEqual(['WEBHOOK_CREATED', 'WEBHOOK_DISABLED', 'WEBHOOK_FAILING'])
    }, 60_000)
  })

  describe('how deliveries end', () => {
    it('is announced by lifecycle events to webhooks that name them: an emit delivered once, failed once per subscriber, the webhook failing and recovered', async () => {
      const organization = await platform.organization()
      const good = await receiver(() => ({ status: 200 }))
      let status = 500
      const bad = await receiver(() => ({ status }))
      const watcher = await receiver(() => ({ status: 200 }))
      const events = [
        ...[
          'CUSTOM_EVENT_EMIT_DELIVERED',
          'CUSTOM_EVENT_EMIT_DELIVERY_FAILED',
          'WEBHOOK_DELIVERY_EXHAUSTED',
          'WEBHOOK_FAILING',
        ],
        ...['WEBHOOK_RECOVERED', 'NOTIFICATION_SENT'],
      ]
      await webhook(organization, watcher.url, { events })
      await webhook(organization, good.url)
      const failing = await webhook(organization, bad.url, { retry: { delays: [0, '1m'] } })
      await emit(organization, 1)
      const told = () =>
        watcher.requests.map(
          ({ body }) => JSON.parse(body.toString()) as { type: string; data: Record<string, unknown> },
        )
      await until(
        async () => told(),
        list => list.some(({ type }) => type === 'NOTIFICATION_SENT'),
      )
      status = 200
      await emit(organization, 2)
      await until(
        async () => told(),
        list => list.filter(({ type }) => type === 'NOTIFICATION_SENT').length === 2 && list.length === 7,
      )
      const types = told()
        .map(({ type }) => type)
        .sort()
      expect(types).toEqual([...events, 'NOTIFICATION_SENT'].sort())
      const dataOf = (type: string) => told().find(each => each.type === type)!.data
      expect(dataOf('CUSTOM_EVENT_EMIT_DELIVERED')).toMatchObject({ entityType: 'emit', subscriberCount: 2 })
      expect(dataOf('CUSTOM_EVENT_EMIT_DELIVERY_FAILED')).toMatchObject({
        ...{ subscriberType: 'webhook', subscriberId: failing, attempts: 2, lastError: 'The receiver answered 500.' },
      })
      expect(dataOf('WEBHOOK_DELIVERY_EXHAUSTED')).toMatchObject({
        webhookId: failing,
        attempts: 2,
        reason: 'exhausted',
      })
      expect(dataOf('WEBHOOK_FAILING')).toMatchObject({
        entityType: 'webhook',
        entityId: failing,
        previousStatus: 'healthy',
        status: 'failing',
      })
    }, 60_000)
  })

  describe('deleting a webhook', () => {
    it('cancels its waiting deliveries within moments', async () => {
      const organization = await platform.organization()
      const { url } = await receiver(() => ({ status: 500 }))
      const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
      await emit(organization, 1)
      const [retrying] = await settled(organization, id, 'retrying')
      await organization.call('DELETE', `/api/v1/webhooks/${id}`)
      const one = await until(deliveryAt(organization, retrying!.id), each => each.status === 'cancelled')
      expect(one).toMatchObject({ status: 'cancelled', reason: 'webhook_deleted', webhook: null })
    }, 60_000)
  })
}
