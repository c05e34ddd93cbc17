/** Notices about the receivers of deliveries: webhooks, sinks, and external peers of federation groups. */
import type { WebhookStory } from '../../topics/delivery-state.ts'
import type { Organization } from '../model/organizations.ts'
import type { Webhook } from '../model/webhooks.ts'
import { type Notice, noticeMessage } from './notices.ts'

const STORIES: Record<WebhookStory, { subject: string; lines: string[] } & Pick<Notice, 'kind' | 'severity'>> = {
  failing: {
    kind: 'webhook_failing',
    severity: 'warning',
    subject: 'is failing',
    lines: [
      'Attempts to deliver to this webhook fail one after the other, or a delivery has used up its attempts: the webhook is marked as failing.',
      'It stays active: its deliveries are still tried. When one succeeds you will hear that it has recovered.',
      'Deliveries that have failed for good are among the dead letters and can be redriven once the endpoint works again.',
    ],
  },
  gone: {
    kind: 'webhook_disabled',
    severity: 'critical',
    subject: 'was switched off: its endpoint is gone',
    lines: [
      'The endpoint answered 410 Gone, so the webhook is marked as failing and was switched off at once.',
      'Once it has another URL, activate it again: what was emitted meanwhile is delivered then.',
    ],
  },
  disabled: {
    kind: 'webhook_disabled',
    severity: 'critical',
    subject: 'was switched off after failing for too long',
    lines: [
      'The webhook has been failing for as long as its setting autoDisableAfterDays allows, and was switched off.',
      'Once the endpoint works again, activate it: what was emitted meanwhile is delivered then.',
    ],
  },
  recovered: {
    kind: 'webhook_recovered',
    severity: 'info',
    subject: 'has recovered',
    lines: [
      'A delivery to this webhook has succeeded: it is healthy again.',
      'Deliveries that failed before are among the dead letters and can be redriven.',
    ],
  },
}

export interface WebhookFacts {
  organizationId: string
  webhookId: string
  organization: Organization | undefined
  /** Undefined: deleted. */
  webhook: Webhook | undefined
  occurredAtMs: number
}

export function webhookNotice(
  story: WebhookStory,
  facts: WebhookFacts & { deliveryId: string; error: string | null },
): Notice {
  const { webhookId, webhook, deliveryId, error } = facts
  const { kind, severity, subject, lines } = STORIES[story]
  const isPeer = webhook !== undefined && webhook.peer !== null
  const details = [...detailsOf(facts), ['Delivery', deliveryId], ['Last error', error], timeOf(facts)] as const
  return {
    ...common(facts),
    kind: isPeer ? 'federation_peer' : kind,
    severity,
    title: `${nounOf(webhook)} ${webhook?.name ?? webhookId} ${subject}`,
    message: noticeMessage(
      lines.map(line => inTermsOf(webhook, line)),
      details,
    ),
    data: { webhookId, url: webhook?.url ?? null, deliveryId, error, state: story },
  }
}

/** At most one notice about the dead letters of a webhook in this time. */
export const DEAD_LETTERS_MS = 86_400_000

/** Many deliveries of a webhook have become dead letters at once: the first time of the day. */
export function deadLettersNotice(facts: WebhookFacts & { count: number; reason: string }): Notice {
  const { webhookId, webhook, count, reason } = facts
  const lines = [
    `${count} deliveries to this webhook have ended as dead letters without another attempt, and more may follow.`,
    'They can be redriven once the endpoint works again. The next notice about this webhook comes in a day at the earliest.',
  ]
  return {
    ...common(facts),
    kind: 'dead_letters',
    severity: 'warning',
    title: `${nounOf(webhook)} ${webhook?.name ?? webhookId} has dead letters`,
    message: noticeMessage(
      lines.map(line => inTermsOf(webhook, line)),
      [...detailsOf(facts), ['Reason', reason], timeOf(facts)],
    ),
    data: { webhookId, count, reason },
    oncePer: { key: webhookId, ms: DEAD_LETTERS_MS },
  }
}

function nounOf(webhook: Webhook | undefined): string {
  if (webhook?.peer) return 'External peer'
  return webhook?.sink === undefined ? 'Webhook' : 'Sink'
}

const inTermsOf = (webhook: Webhook | undefined, line: string): string =>
  webhook?.sink === undefined ? line : line.replaceAll('webhook', 'sink').replaceAll('endpoint', 'topic')

const common = ({ organizationId, webhookId, webhook, occurredAtMs }: WebhookFacts) => ({
  organizationId,
  environment: webhook?.environment ?? ('live' as const),
  sourceId: webhookId,
  occurredAtMs,
})

const detailsOf = ({ organization, webhookId, webhook }: WebhookFacts): Array<[string, string | undefined]> => [
  ['Organization', organization?.name],
  [webhook?.sink === undefined ? 'Webhook' : 'Sink', webhook?.name ? `${webhook.name} (${webhookId})` : webhookId],
  ['URL', webhook?.url ?? 'deleted'],
]

const timeOf = ({ occurredAtMs }: WebhookFacts): [string, string] => ['Time', new Date(occurredAtMs).toISOString()]
