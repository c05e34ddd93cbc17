/**
 * The channel `account-owner`: a notice as e-mail to the owner of the organization. See
 * docs/specification/webhooks.md#mail-to-the-owner.
 */
import type { PendingNotice } from '../../topics/delivery-state.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Mailer } from './mail.ts'
import { noticeText } from './notice-texts.ts'

/** The organization has no address: a retry would not help. */
export class NoRecipient extends Error {}

/** Rejects when it could not be sent: with `NoRecipient` permanently, with any other error for now. */
export type SendNotice = (noticeId: string, notice: PendingNotice) => Promise<void>

export function createOwnerNotices({ view, mailer }: { view: ControlView; mailer: Mailer }): SendNotice {
  return async (noticeId, notice) => {
    const { organizationId, webhookId } = notice
    const organization = view.organization(organizationId)
    if (!organization?.ownerEmail) throw new NoRecipient('The organization has no owner e-mail.')
    const webhook = view.find('webhook', organizationId, webhookId)
    const { subject, text, html } = noticeText({
      ...notice,
      organizationName: organization.name,
      webhookName: webhook?.name ?? null,
      url: webhook?.url ?? 'deleted',
      occurredAt: new Date(notice.occurredAtMs).toISOString(),
    })
    await mailer.send({ id: noticeId, to: organization.ownerEmail, subject, text, html })
  }
}
