import { describe, expect, it } from '@jest/globals'
import { createNotices } from '../../../processors/deliver/outcome/notices.ts'
import type { Clock } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import { createOwnerNotices, NoRecipient } from '../../../src/notifications/owner-notices.ts'
import type { PendingNotice } from '../../../topics/delivery-state.ts'

const FACTS = {
  organizationId: 'org_1',
  webhookId: 'wh_1',
  kind: 'failing',
  deliveryId: 'dlv_1',
  error: null,
  occurredAtMs: 0,
} as const

/** Sends by a clock of its own: the next timer is due at once. Resolves when the notice is settled. */
async function sendAll(send: (noticeId: string, notice: PendingNotice) => Promise<void>) {
  const settled = Promise.withResolvers<{ tries: number; error: string | undefined }>()
  let nowMs = 0
  let sent = 0
  const after = (ms: number, work: () => void) => {
    queueMicrotask(() => {
      nowMs += ms
      work()
    })
    return { cancel: () => undefined }
  }
  const notices = createNotices({
    clock: { nowMs: () => nowMs, after } as unknown as Clock,
    timeScale: 1,
    logger: createLogger('silent'),
    // Each write is committed at once.
    handle: {
      write: () => {
        notices.seal(0)
        notices.committed()
      },
    } as unknown as ShardHandle,
    send: (noticeId, notice) => {
      sent++
      return send(noticeId, notice)
    },
    settled: (_noticeId, { tries }, error) => settled.resolve({ tries, error }),
    guarded: work => work(),
  })
  notices.add('ntc_1', FACTS)
  notices.seal(0)
  notices.committed()
  const result = await settled.promise
  const [left] = notices.seal(0)
  notices.close()
  return { ...result, sent, elapsedMs: nowMs, left }
}

describe('a notice', () => {
  it('is tried five times over an hour while the mail server is away', async () => {
    const away = () => Promise.reject(new Error('connect ECONNREFUSED'))
    expect(await sendAll(away)).toMatchObject({
      sent: 5,
      tries: 5,
      error: 'connect ECONNREFUSED',
      elapsedMs: 3_600_000,
    })
  })

  it('to an organization without an owner’s address is recorded once, and not tried again', async () => {
    const view = { organization: () => ({ name: 'Northwind', ownerEmail: null }), find: () => undefined }
    const mailer = { send: () => Promise.reject(new Error('never')), close: () => undefined }
    const send = createOwnerNotices({ view, mailer } as unknown as Parameters<typeof createOwnerNotices>[0])
    await expect(send('ntc_1', { ...FACTS, tries: 0, dueAtMs: 0 })).rejects.toThrow(NoRecipient)
    expect(await sendAll(send)).toMatchObject({
      sent: 1,
      tries: 1,
      error: 'The organization has no owner e-mail.',
      elapsedMs: 0,
    })
  })
})
