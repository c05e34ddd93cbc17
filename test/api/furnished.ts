/** An organization that has one of everything, so that a call of any route finds something and asks all that it would ask. */
import { quarantineRow } from '../../src/analytics/write/quarantine-rows.ts'
import { deliveryId, relayId } from '../../src/model/ids.ts'
import type { RelayRow } from '../../topics/audit-relays.ts'
import { QUARANTINE_HEADERS as HEADERS } from '../../topics/quarantine.ts'
import { attempt, idsAt, NOON, verdict } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import type { TestApi } from './api-harness.ts'

export type Furnished = Awaited<ReturnType<typeof furnish>>

let blocks = 0

export async function furnish(api: TestApi) {
  const organization = await api.organization('ENTERPRISE')
  const { call, id: organizationId, slug } = organization
  const made = async (path: string, body: object) => {
    const { data, status, body: said } = await call('POST', path, body)
    if (status >= 300) throw new Error(`${path}: ${JSON.stringify(said)}`)
    return data
  }
  const custom = '/api/v1/events/custom'
  const federation = `${custom}/federation`
  const schema = {
    namespace: slug,
    name: 'order.made',
    version: '1.0.0',
    payloadSchema: { type: 'object' },
    status: 'published',
  }
  const registration = await made(custom, schema)
  const webhook = await made('/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
  const key = await made('/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
  const group = await made(`${federation}/groups`, { name: 'Partners' })
  const peer = (
    await made(`${federation}/groups/${group.id}/external-peers`, {
      label: 'a',
      webhookUrl: 'https://peer.example.com/in',
    })
  ).peer
  const push = await made(`${federation}/groups/${group.id}/pushes`, { registrationId: registration.id })
  await made('/api/v1/tables', { name: 'stock', columns: [{ name: 'sku', type: 'text' }] })
  const since = new Date(NOON).toISOString()
  const replay = await made(`/api/v1/webhooks/${webhook.id}/replay`, {
    from: since,
    to: new Date(NOON + 1_000).toISOString(),
  })

  const instance = await made('/api/v1/infrastructure/instances', { name: 'api', image: 'app:1' })
  const apiRoute = await made('/api/v1/routes', { method: 'POST', path: '/orders' })
  const workflow = await made('/api/v1/workflows', { name: 'Reorder', trigger: { kind: 'manual' } })

  const name = `${slug}.order.made`
  const own = { organizationId, name, canonicalName: `TENANT_CUSTOM:${organizationId}:${name}@1.0.0` }
  const considered = [webhook.id, peer.id].map((webhookId: string) => ({ webhookId, skipped: null }))
  const emit = verdict(1, { ...own, webhooks: considered, subscriberCount: 2 })
  const failed = verdict(2, { ...own, verdict: 'failed', eventId: null, sequence: null, code: 'bus_relay_failed' })
  const refused = idsAt(NOON + 3, 3, organizationId)
  const ended = { state: 'failed', error: 'HTTP 500', errorKind: 'status', number: 4 } as const
  const toWebhook = deliveryId(emit.eventId!, webhook.id)
  const toPeer = deliveryId(emit.eventId!, peer.id)
  const again = deliveryId(emit.eventId!, webhook.id, replay.id)
  const relay: RelayRow = {
    ...{
      relayId: relayId(emit.eventId!, push.id, peer.id),
      step: 0,
      organizationId,
      groupId: group.id,
      pushId: push.id,
      memberId: peer.id,
    },
    ...{
      memberOrganizationId: null,
      sourceEventId: emit.eventId!,
      sourceEmitId: emit.emitId,
      sourceCanonicalName: own.canonicalName,
    },
    ...{
      targetEventId: null,
      targetCanonicalName: null,
      deliveryId: toPeer,
      status: 'queued',
      skipReason: null,
      lastError: null,
    },
    ...{ queuedAtMs: NOON, atMs: NOON + 5 },
  }
  await insertAudit(api.analytics, ++blocks, {
    verdicts: [emit, failed],
    attempts: [
      attempt(emit, webhook.id, toWebhook, ended),
      attempt(emit, peer.id, toPeer, ended),
      attempt(emit, webhook.id, again, { trigger: 'replay', replayId: replay.id }),
    ],
    relays: [relay],
  })
  await insertQuarantined(api, organizationId, refused.emitId)
  const paths: Record<string, string> = {
    '/api/v1/keys': key.key.id,
    [custom]: registration.id,
    [`${custom}/emits`]: emit.emitId,
    '/api/v1/events': emit.eventId!,
    [`${federation}/groups`]: group.id,
    [`${federation}/external-peers`]: peer.id,
    [`${federation}/relays`]: relay.relayId,
    '/api/v1/webhooks': webhook.id,
    '/api/v1/webhooks/deliveries': toWebhook,
    '/api/v1/replays': replay.id,
    '/api/v1/workflows': workflow.id,
    '/api/v1/routes': apiRoute.id,
    '/api/v1/tables': 'stock',
    '/api/v1/infrastructure/instances': instance.id,
    [`${custom}/quarantine`]: refused.emitId,
    '/api/v1/organizations': organizationId,
  }
  return {
    ...organization,
    /** The path of a route, with the organization's own ids. */
    pathOf: (path: string): string => {
      const at = path.indexOf('/:')
      if (at < 0) return path
      const id = paths[path.slice(0, at)] ?? 'none_00000000000000000000000000'
      const first = path.endsWith('/emits/:id/redrive') ? failed.emitId : id
      return path
        .replace(/:\w+/, first)
        .replace(':eventId', emit.eventId!)
        .replace(':mid', peer.id)
        .replace(/:\w+/g, 'none')
    },
  }
}

async function insertQuarantined(api: TestApi, organizationId: string, emitId: string): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries({
      [HEADERS.organization]: organizationId,
      [HEADERS.code]: 'payload_invalid',
      [HEADERS.message]: 'm',
      [HEADERS.findings]: '[]',
      [HEADERS.name]: 'a.b',
      [HEADERS.recordedAt]: String(NOON + 3),
      [HEADERS.ingress]: `emits.${organizationId}/0/3`,
    }).map(([header, text]) => [header, Buffer.from(text)]),
  )
  const record = {
    key: emitId,
    value: Buffer.from('{}'),
    headers,
    offset: 0,
    timestampMs: NOON,
  } as unknown as Parameters<typeof quarantineRow>[0]
  const { table, format, bytes, rows } = quarantineRow(record)
  const block = { table, format, body: [bytes], rows, token: `furnished/${emitId}` }
  await api.analytics.insert(block, new AbortController().signal)
}
