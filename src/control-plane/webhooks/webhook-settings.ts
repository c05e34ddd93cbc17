/** The settings of a webhook, checked, and in the form of the record. */

import type { SecretBox } from '../../crypto/secret-box.ts'
import { builtInTypeOfAlias } from '../../events/built-in-events.ts'
import { parseConditions } from '../../events/conditions.ts'
import { notASelector, parseSelector } from '../../events/selector.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { ConditionGroup } from '../../model/conditions.ts'
import type { SignatureProfile, Webhook, WireFormat } from '../../model/webhooks.ts'
import { checkedContracts } from '../../registry/contract-settings.ts'
import type { Validators } from '../../registry/validators.ts'
import { checkedSecret } from './brought-secret.ts'
import { type RetryPolicy, retryDelaysMs } from './retry-policy.ts'
import { checkOwnHeaders } from './webhook-headers.ts'

export interface WebhookSettings {
  url: string
  /** Selectors, 1–100; a Go constant of Ctrl Plane is accepted for its type. */
  events: string[]
  name?: string | null
  description?: string | null
  active?: boolean
  /** See `brought-secret.ts`; generated if absent. */
  secret?: string
  timeoutMs?: number
  maxInFlight?: number
  retry?: RetryPolicy
  /** Conditions in either form (docs/specification/events.md#conditions); null: none. */
  conditions?: unknown
  /** Own headers by name; they replace the former ones. */
  headers?: Record<string, string> | null
  signatureProfiles?: SignatureProfile[]
  wireFormat?: WireFormat
  ordering?: Webhook['ordering']
  autoDisableAfterDays?: number | null
  /** The contracts: the parts of events that it needs, by `<namespace>.<name>`: JSON Schemas; they replace the former ones. */
  contracts?: Record<string, unknown> | null
}

/** The egress guard: the fault of the URL, or undefined. */
export type CheckUrl = (url: string) => ClarionError | undefined

/**
 * The fields of the record that follow from the settings, without `active`. Throws `invalid_webhook_url`,
 * `https_required`, `invalid_event_selector`, `invalid_retry_policy`, `header_not_allowed`, `validation_failed`, and for
 * contracts the codes of a schema.
 */
export function checkedSettings(
  input: Partial<WebhookSettings>,
  deps: { checkUrl: CheckUrl; secrets: SecretBox; validators: Validators },
): Partial<Webhook> {
  const { timeoutMs, maxInFlight, name, description, signatureProfiles, wireFormat, ordering, autoDisableAfterDays } =
    input
  const asGiven = {
    timeoutMs,
    maxInFlight,
    name,
    description,
    signatureProfiles,
    wireFormat,
    ordering,
    autoDisableAfterDays,
  }
  const fields: Partial<Webhook> = Object.fromEntries(
    Object.entries(asGiven).filter(([, value]) => value !== undefined),
  )
  if (input.url !== undefined) fields.url = checkedUrl(input.url, deps.checkUrl)
  if (input.events !== undefined) fields.events = checkedSelectors(input.events)
  if (input.secret !== undefined) fields.encryptedSecret = deps.secrets.encrypt(checkedSecret(input.secret))
  if (input.retry !== undefined) fields.retryDelaysMs = retryDelaysMs(input.retry)
  if (input.conditions !== undefined)
    fields.conditions = input.conditions === null ? null : checkedConditions(input.conditions)
  if (input.contracts !== undefined) fields.contracts = checkedContracts(input.contracts ?? {}, deps)
  if (input.headers !== undefined) Object.assign(fields, sealedHeaders(input.headers ?? {}, deps.secrets))
  return fields
}

/** In ASCII, as on the wire; a URL in ASCII stays as it was written. */
function checkedUrl(text: string, checkUrl: CheckUrl): string {
  const refusal = checkUrl(text)
  if (refusal !== undefined) throw withPlace(refusal)
  if (/^[\x21-\x7e]*$/.test(text)) return text
  const { href } = new URL(text)
  const longer = checkUrl(href)
  if (longer !== undefined) throw withPlace(longer)
  return href
}

const withPlace = (refusal: ClarionError): ClarionError =>
  refusal.details === undefined
    ? new ClarionError(refusal.code, refusal.message, {
        details: [{ path: '/url', rule: refusal.code, message: refusal.message }],
      })
    : refusal

function checkedSelectors(events: string[]): string[] {
  const details: Finding[] = []
  const selectors = events.map(text => builtInTypeOfAlias(text) ?? text)
  for (const [index, selector] of selectors.entries()) {
    if (parseSelector(selector) === undefined)
      details.push({ path: `/events/${index}`, rule: 'selector', message: notASelector(selector) })
  }
  if (details.length > 0) throw new ClarionError('invalid_event_selector', `${details[0]!.message}.`, { details })
  return [...new Set(selectors)]
}

function checkedConditions(input: unknown): ConditionGroup {
  const parsed = parseConditions(input, '/conditions')
  if (parsed.ok) return parsed.conditions
  const [first] = parsed.findings
  const message = `The conditions are wrong at '${first?.path}': ${first?.message}.`
  throw new ClarionError('validation_failed', message, { details: parsed.findings })
}

function sealedHeaders(
  headers: Record<string, string>,
  secrets: SecretBox,
): Pick<Webhook, 'encryptedHeaders' | 'headerNames'> {
  checkOwnHeaders(headers)
  const headerNames = Object.keys(headers)
  return { headerNames, encryptedHeaders: headerNames.length === 0 ? null : secrets.encrypt(JSON.stringify(headers)) }
}
