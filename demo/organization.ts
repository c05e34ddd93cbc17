/** The demo's organization: on the plan Pro, with GitHub's namespace, the events that have a schema, and three webhooks. */
import { isIP } from 'node:net'
import type { Random } from '../src/clock.ts'
import { isLoopback } from '../src/delivery/addresses.ts'
import { type Client, DemoError } from './client.ts'
import type { Receiver } from './receiver.ts'
import { DRAFT, SCHEMAS } from './schemas.ts'
import { GENERIC, NAMESPACE, type Send } from './sends.ts'

export interface DemoOrganization {
  id: string
  apiKey: string
}

export interface DemoWebhook {
  id: string
  /** Whether it must get the event of an accepted emit: said here once more in the demo's own words. */
  matches(send: Send): boolean
}

const PLAN = 'PRO'
const RETRY = { delays: [0, '1s', '5s', '30s'] }
const OPENED_KIND = `${NAMESPACE}.discussion.created`

const WEBHOOKS: ReadonlyArray<{ name: string; events: string[]; matches(send: Send): boolean }> = [
  { name: 'everything', events: ['*'], matches: () => true },
  { name: 'registered', events: [`${NAMESPACE}.*`], matches: send => send.name !== GENERIC },
  {
    name: 'selected',
    events: [`${NAMESPACE}.release@1.0.0`, `${GENERIC}#${OPENED_KIND}`],
    matches: send => send.name === `${NAMESPACE}.release` || send.kind === OPENED_KIND,
  },
]

export async function createOrganization(operator: Client, random: Random): Promise<DemoOrganization> {
  const slug = `demo-${random.bytes(5).toString('hex')}`
  const body = { name: 'GitHub demo', slug, plan: PLAN, ownerEmail: 'demo@example.test' }
  const made = await operator.ask<{ organization: { id: string }; apiKey: string }>(
    'POST',
    '/api/v1/organizations',
    body,
  )
  const { id } = made.organization
  await operator.ask('POST', `/api/v1/organizations/${id}/namespaces`, { namespace: NAMESPACE })
  return { id, apiKey: made.apiKey }
}

export async function registerEvents(client: Client): Promise<void> {
  const register = (name: string, payloadSchema: unknown, status: string) =>
    client.ask('POST', '/api/v1/events/custom', { namespace: NAMESPACE, name, version: '1.0.0', status, payloadSchema })
  for (const [name, schema] of Object.entries(SCHEMAS)) await register(name, schema, 'published')
  await register(DRAFT.name, DRAFT.schema, 'draft')
}

/** Throws the settings to add if the platform does not allow the receiver. */
export async function createWebhooks(client: Client, receiver: Receiver, host: string): Promise<DemoWebhook[]> {
  const made: DemoWebhook[] = []
  for (const { name, events, matches } of WEBHOOKS) {
    const path = `/${name}`
    const body = { name, url: receiver.url(path), events, retry: RETRY }
    const { status, code, message, data } = await client.call<{ id: string; secret: string }>(
      'POST',
      '/api/v1/webhooks',
      body,
    )
    if (code === 'https_required' || code === 'invalid_webhook_url')
      throw receiverNotAllowed(host, `${code}: ${message}`)
    if (status !== 201) throw new DemoError(`the webhook '${name}' was answered ${status} ${code}: ${message}`)
    receiver.trust(path, data.secret)
    made.push({ id: data.id, matches })
  }
  return made
}

/** The setting that the operator has to add before the receiver can be reached. */
export function receiverNotAllowed(host: string, reason: string): DemoError {
  const range = isLoopback(host) ? '127.0.0.0/8' : isIP(host) ? host : `<the address of ${host}>`
  return new DemoError(
    [
      `the platform does not let webhooks reach the demo's receiver (${reason})`,
      '',
      'Add these settings where the platform starts (to EGRESS_ALLOW, if it is set already, after a comma), and start it again:',
      '',
      `  EGRESS_ALLOW=${range}`,
      '  EGRESS_ALLOW_HTTP=true',
      '',
      'Or run the demo without --url: then it starts a platform of its own.',
    ].join('\n'),
  )
}
