/**
 * Subscriptions (C.11.6, B.1.1): a webhook by another name. `evs_…` is the webhook `wh_…` with the same characters; it carries the signature
 * of the original (profile `event`) beside the standard one.
 */
import { ClarionError, type Finding } from '../../codes.ts'
import type { Webhooks } from '../../control-plane/webhooks.ts'
import { canonicalName, checkVersion, parseFullName } from '../../events/names.ts'
import type { Answer, Call } from '../route.ts'
import { ownerOf } from './caller.ts'

interface NewSubscription {
  /** `<namespace>.<name>` */
  name: string
  /** Exact; `*` or absent: every version. */
  version?: string | null
  webhookUrl: string
  displayName?: string | null
  secret?: string
}

const SUBSCRIPTION = 'evs_'
const WEBHOOK = 'wh_'

export function createSubscriptionHandlers({ webhooks }: { webhooks: Webhooks }) {
  return {
    async subscribe(call: Call): Promise<Answer> {
      const { name, version, webhookUrl, displayName = null, secret: given } = call.body as NewSubscription
      const owner = ownerOf(call)
      const exact = version === null || version === '*' ? undefined : version
      const selector = selectorOf(name, exact)
      const made = await webhooks
        .create(call.caller, owner, {
          ...{ url: webhookUrl, events: [selector], name: displayName, signatureProfiles: ['standard', 'event'] },
          ...(given === undefined ? {} : { secret: given }),
        })
        .catch(error => {
          throw error instanceof ClarionError ? inTermsOfThisCall(error) : error
        })
      const { webhook, secret } = made
      return {
        data: {
          subscriptionId: SUBSCRIPTION + webhook.id.slice(WEBHOOK.length),
          webhookId: webhook.id,
          canonicalName: canonicalName(owner.organizationId, name, exact ?? '*'),
          secret,
          webhookUrl: webhook.url,
        },
      }
    },
  }
}

/** The webhook behind a subscription's id; any other id as it is. */
export const webhookIdOf = (id: string): string => (id.startsWith(SUBSCRIPTION) ? WEBHOOK + id.slice(SUBSCRIPTION.length) : id)

function selectorOf(name: string, version: string | undefined): string {
  if (parseFullName(name) === undefined) throw refused('invalid_event_selector', '/name', 'is not <namespace>.<name>')
  if (version === undefined) return name
  if (checkVersion(version) !== undefined) throw refused('invalid_version_format', '/version', 'is neither MAJOR.MINOR.PATCH nor *')
  return `${name}@${version}`
}

const refused = (code: 'invalid_event_selector' | 'invalid_version_format', path: string, message: string) =>
  new ClarionError(code, `The subscription is wrong at ${path}: ${message}.`, { details: [{ path, rule: code, message }] })

/** What a webhook calls `url` is `webhookUrl` here. */
function inTermsOfThisCall(error: ClarionError): ClarionError {
  if (error.details === undefined) return error
  const details: Finding[] = error.details.map(finding => (finding.path === '/url' ? { ...finding, path: '/webhookUrl' } : finding))
  return new ClarionError(error.code, error.message, { details })
}
