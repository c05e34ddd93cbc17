/** What a first run makes: an organization for the operator, then a type, an inspector and a webhook to it. */
import { call } from '../api/call.ts'
import type { Inspector } from '../api/look-types.ts'
import type { Organization, Session, Webhook } from '../api/types.ts'
import { lookInside } from '../session/session.ts'
import { w } from '../words/words.ts'
import { slugOf } from './slug.ts'

export interface FirstRun {
  inspector: string
  webhook: string
  /** `shop.order.paid` */
  event: string
}

export const EXAMPLE = '{ "order": "A-1001", "total": 12.50, "currency": "EUR" }'
const SCHEMA = `{"type":"object","required":["order","total"],"properties":{"order":{"type":"string","description":"Number of the order"},"total":{"type":"number","description":"To be paid"},"currency":{"type":"string","enum":["EUR","USD","GBP"]}}}`
const PLAN = 'PRO'
const RETRIES = [0, 1_000, 2_000, 5_000]
const TRIES = 20
/** Of the key that code uses. */
const SCOPES = ['events:emit', 'events:read', 'events:payload', 'events:manage', 'webhooks:manage', 'usage:read']

/** In memory alone: the platform shows a key once. By inspector. */
const keys = new Map<string, string>()
export const keyOf = (inspectorId: string): string | undefined => keys.get(inspectorId)

export async function begin(session: Session, given: { organization: string; event: string }): Promise<FirstRun> {
  const outside = session.organization === null ? await makeOrganization(given.organization) : undefined
  const namespace = outside?.slug ?? session.organization!.slug
  const event = `${namespace}.${given.event}`
  await registerOnce(namespace, given.event)
  const inspector = await call<Inspector>('POST', '/inspectors', { body: { name: w.start.title } })
  const webhook = await call<Webhook>('POST', '/webhooks', {
    body: { name: w.start.title, url: inspector.url, events: [event], retry: { delays: RETRIES } },
  })
  if (outside !== undefined) keys.set(inspector.id, outside.apiKey)
  return { inspector: inspector.id, webhook: webhook.id, event }
}

async function makeOrganization(name: string): Promise<{ slug: string; apiKey: string }> {
  const slug = await freeSlug(name)
  const { organization } = await call<{ organization: Organization }>('POST', '/organizations', {
    body: { name, slug, plan: PLAN },
  })
  await lookInside({ organizationId: organization.id, environment: 'test', write: true, reason: w.start.reason })
  const { apiKey } = await call<{ apiKey: string }>('POST', '/keys', {
    body: { name: w.start.title, environment: 'test', scopes: SCOPES },
  })
  return { slug, apiKey }
}

/** A slug is taken for good, so a second first run gets another one. */
async function freeSlug(name: string): Promise<string> {
  const base = slugOf(name)
  const taken = new Set(
    (await call<Organization[]>('GET', '/organizations', { query: { q: base, limit: 100 } })).map(({ slug }) => slug),
  )
  for (let number = 1; number < TRIES; number++) {
    const slug = number === 1 ? base : `${base}-${number}`
    if (!taken.has(slug)) return slug
  }
  return `${base}-${Date.now().toString(36)}`
}

/** A second first run finds the type of the first. */
async function registerOnce(namespace: string, name: string): Promise<void> {
  const known = await call<unknown[]>('GET', '/events/custom', { query: { namespace, name, status: 'published' } })
  if (known.length > 0) return
  const head = JSON.stringify({ namespace, name, version: '1.0.0', status: 'published' })
  await call('POST', '/events/custom', {
    body: `${head.slice(0, -1)},"payloadSchema":${SCHEMA},"payloadExample":${EXAMPLE}}`,
  })
}

/** Sends the example; answers the id of the event. */
export async function send(event: string): Promise<string> {
  const head = JSON.stringify({ name: event, subject: 'A-1001', idempotencyKey: crypto.randomUUID() })
  const { eventId, emitId } = await call<{ emitId: string; eventId?: string }>('POST', '/events/custom/emit', {
    body: `${head.slice(0, -1)},"payload":${EXAMPLE}}`,
  })
  return eventId ?? `evt_${emitId.slice(4)}`
}

const FAILURES = 2

/** The next message fails twice. */
export async function letFail({ inspector, event }: FirstRun): Promise<string> {
  await call('PATCH', `/inspectors/${inspector}`, { body: { failFirst: FAILURES } })
  return send(event)
}
