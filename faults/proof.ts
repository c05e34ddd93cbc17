/** Statements that must hold once the system is quiet, each with the first examples against it. */
import type { AnalyticsClient } from '../src/analytics/client.ts'
import type { LogPages } from '../src/kafka/read/log-pages.ts'
import { createFindings, type Finding, type Findings } from './findings.ts'
import { ADMIN_KEY } from './fleet.ts'
import type { Load } from './load.ts'
import { proveDeliveries, type Step } from './prove-deliveries.ts'
import { proveAcknowledged, proveLog, proveNumbers, proveNumbersOfMonth, type Verdict } from './prove-emits.ts'
import { proveRelays } from './prove-relays.ts'
import type { Arrival } from './receivers.ts'
import type { Member, World } from './world.ts'

export interface Evidence {
  world: World
  load: Load
  arrivals: Arrival[]
  analytics: AnalyticsClient
  pages: LogPages
}

/** `owner` federates its registered event with `peer`. */
export async function prove(deps: Evidence & { owner: Member; peer: Member }): Promise<Finding[]> {
  const { world, load, analytics, arrivals } = deps
  const findings = createFindings()
  const acknowledged = Map.groupBy(load.acknowledged, ({ member }) => member)
  const byWebhook = Map.groupBy(arrivals, ({ webhook }) => webhook)
  const verdictsOf = new Map<Member, Verdict[]>()
  for (const member of world.members) {
    const scope = { organizationId: member.id, environment: member.environment }
    const verdicts = await analytics.query<Verdict>(VERDICTS, scope)
    verdictsOf.set(member, verdicts)
    const steps = await analytics.query<Step>(STEPS, scope)
    const completions = await analytics.query<{ emitId: string; count: number }>(COMPLETIONS, scope)
    proveAcknowledged(findings, member, verdicts, acknowledged.get(member) ?? [], load)
    await proveLog(findings, member, verdicts, deps)
    await proveNumbers(findings, member, verdicts, deps)
    await proveNumbersOfMonth(findings, member, verdicts, steps, deps)
    proveDeliveries(findings, member, { verdicts, steps, completions, byWebhook, sent: load.sent })
    await proveControlPlane(findings, member, world)
  }
  await proveRelays(findings, deps, verdictsOf)
  proveReceivers(findings, world, arrivals)
  return findings.list()
}

const VERDICTS = `SELECT emitId, eventId, verdict, code, channel, name, canonicalName, idempotencyKey, subscriberCount, recordedAt,
    arrayMap(w -> w.1, arrayFilter(w -> w.2 IS NULL, webhooks)) AS webhookIds
  FROM emits WHERE organizationId = {organizationId:String} AND environment = {environment:String}`
const STEPS = `SELECT deliveryId, eventId, webhookId, number, maxAttempts, attemptId, state, trigger, responseStatus, startedAt
  FROM attempts WHERE organizationId = {organizationId:String} AND environment = {environment:String}
  ORDER BY deliveryId, number, startedAt, attemptId IS NULL`
const COMPLETIONS = `SELECT emitId, count() AS count FROM completions
  WHERE organizationId = {organizationId:String} AND environment = {environment:String} GROUP BY emitId`

/** Every acknowledged change of the control plane is still there. */
async function proveControlPlane(findings: Findings, member: Member, { surely }: World): Promise<void> {
  const { plan } = await surely<{ plan: string }>(ADMIN_KEY, 'GET', `/api/v1/organizations/${member.id}`)
  const webhooks = await surely<Array<{ id: string }>>(member.apiKey, 'GET', '/api/v1/webhooks?limit=100')
  const own = webhooks.filter(({ id }) => member.webhooks.some(each => each.id === id))
  if (member.environment === 'live')
    findings.check(
      'plans are as they were last changed',
      plan === member.plan,
      () => `${member.slug}: ${plan}, not ${member.plan}`,
    )
  findings.check(
    'webhooks that were made are there',
    own.length === member.webhooks.length,
    () => `${member.slug}: ${own.length} of ${member.webhooks.length}`,
  )
}

function proveReceivers(findings: Findings, world: World, arrivals: Arrival[]): void {
  const own = new Map(world.members.flatMap(member => member.webhooks.map(webhook => [webhook.name, member.id])))
  for (const { webhook, organizationId } of arrivals)
    findings.check(
      'no receiver gets what belongs to another organization',
      own.get(webhook) === organizationId,
      () => `${webhook}: ${organizationId}`,
    )
}
