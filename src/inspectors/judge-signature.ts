/** Whether the signatures of a request are those that a webhook of the organization makes. */
import type { IncomingHttpHeaders } from 'node:http'
import type { SignatureVerdict } from '../../topics/inspectors-requests.ts'
import type { SigningContexts } from '../delivery/signing-context.ts'
import type { ControlView } from '../model/control-view.ts'
import { type Inspector, inspectorToken } from '../model/inspectors.ts'
import type { Webhook } from '../model/webhooks.ts'

/** `body`: all of it. */
export type JudgeSignature = (inspector: Inspector, headers: IncomingHttpHeaders, body: Buffer) => SignatureVerdict

const IS_SIGNATURE = /-signature(?:-next)?$/

export function createJudgeSignature(deps: {
  view: Pick<ControlView, 'webhooks'>
  contexts: SigningContexts
  nowMs(): number
}): JudgeSignature {
  const { view, contexts, nowMs } = deps

  function isSignedBy(webhook: Webhook, headers: IncomingHttpHeaders, body: Buffer): boolean {
    const context = contexts.contextFor(webhook, nowMs())
    if (context === undefined) return false
    const made: Record<string, string> = {}
    const message = {
      deliveryId: textOf(headers['webhook-id'] ?? headers['x-delivery-id']),
      timestamp: textOf(headers['webhook-timestamp'] ?? headers['x-event-timestamp']),
      body,
      eventType: textOf(headers['x-event-type']),
    }
    context.sign(message, made)
    const signatures = Object.entries(made).filter(([name]) => IS_SIGNATURE.test(name.toLowerCase()))
    return (
      signatures.length > 0 && signatures.every(([name, value]) => haveOneInCommon(headers[name.toLowerCase()], value))
    )
  }

  return ({ organizationId, environment, token }, headers, body) => {
    if (!Object.keys(headers).some(name => IS_SIGNATURE.test(name))) return 'none'
    const webhooks = view
      .webhooks(organizationId)
      .filter(webhook => webhook.environment === environment && inspectorToken(webhook.url) === token)
    return webhooks.some(webhook => isSignedBy(webhook, headers, body)) ? 'valid' : 'invalid'
  }
}

/** Two secrets sign during a rotation, and the request may be older than its end. */
function haveOneInCommon(given: string | string[] | undefined, made: string): boolean {
  const expected = new Set(made.split(' '))
  return textOf(given)
    .split(' ')
    .some(each => each !== '' && expected.has(each))
}

const textOf = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(' ') : (value ?? '')
