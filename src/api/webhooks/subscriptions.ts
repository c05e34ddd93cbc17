/**
 * Subscriptions: a webhook for one event, made in one call. `evs_…` is the webhook `wh_…` with the same characters; it
 * carries the signature of the profile `event` beside the standard one. See
 * docs/specification/webhooks.md#subscriptions.
 */

import type { Webhooks } from '../../control-plane/webhooks/webhooks.ts'
import { builtInEvent } from '../../events/built-in-events.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import {
  builtInCanonicalName,
  canonicalName,
  checkVersion,
  misplacedVersion,
  parseFullName,
  versionProblem,
} from '../../model/names.ts'
import { subscriptionIdOf } from '../../model/replays.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'

interface NewSubscription {
  /** `<namespace>.<name>` */
  name: string
  /** Exact; `*` or absent: every version. */
  version?: string | null
  webhookUrl: string
  displayName?: string | null
  secret?: string
}

export function createSubscriptionHandlers({ webhooks }: { webhooks: Webhooks }) {
  return {
    async subscribe(call: Call): Promise<Answer> {
      const { name, version, webhookUrl, displayName = null, secret: given } = call.body as NewSubscription
      const owner = ownerOf(call)
      const exact = version === null || version === '*' ? undefined : version
      const target = targetOf(owner.organizationId, name, exact)
      const made = await webhooks
        .create(call.caller, owner, {
          ...{
            url: webhookUrl,
            events: [target.selector],
            name: displayName,
            signatureProfiles: ['standard', 'event'],
          },
          ...(given === undefined ? {} : { secret: given }),
        })
        .catch(error => {
          throw error instanceof ClarionError ? inTermsOfThisCall(error) : error
        })
      const { webhook, secret } = made
      return {
        data: {
          subscriptionId: subscriptionIdOf(webhook.id),
          webhookId: webhook.id,
          canonicalName: target.canonicalName,
          secret,
          webhookUrl: webhook.url,
        },
      }
    },
  }
}

/** The selector, and its canonical name (`@*`: of every version). Built-in events have one version each. */
function targetOf(
  organizationId: string,
  name: string,
  version: string | undefined,
): { selector: string; canonicalName: string } {
  const builtIn = builtInEvent(name)
  if (builtIn !== undefined && version === undefined)
    return { selector: builtIn.type, canonicalName: builtInCanonicalName(organizationId, builtIn.type) }
  if (builtIn === undefined && parseFullName(name) === undefined)
    throw refused('invalid_event_selector', '/name', misplacedVersion(name) ?? 'is not <namespace>.<name>')
  if (version === undefined) return { selector: name, canonicalName: canonicalName(organizationId, name, '*') }
  if (builtIn !== undefined || checkVersion(version) !== undefined)
    throw refused(
      'invalid_version_format',
      '/version',
      versionProblem(version) ?? 'is not known: a built-in event has one version, so leave it out',
    )
  return { selector: `${name}@${version}`, canonicalName: canonicalName(organizationId, name, version) }
}

const refused = (code: 'invalid_event_selector' | 'invalid_version_format', path: string, message: string) =>
  new ClarionError(code, `The subscription is wrong at ${path}: ${message}.`, {
    details: [{ path, rule: code, message }],
  })

/** A webhook's `url` is `webhookUrl` here. */
function inTermsOfThisCall(error: ClarionError): ClarionError {
  if (error.details === undefined) return error
  const details: Finding[] = error.details.map(finding =>
    finding.path === '/url' ? { ...finding, path: '/webhookUrl' } : finding,
  )
  return new ClarionError(error.code, error.message, { details })
}
