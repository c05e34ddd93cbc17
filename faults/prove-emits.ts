/** Emits: acknowledgements, verdicts, the log and counters, compared with each other. */

import type { LogRecord } from '../src/kafka/ports.ts'
import type { LogPages } from '../src/kafka/read/log-pages.ts'
import { emits } from '../topics/emits.ts'
import { events } from '../topics/events.ts'
import type { Findings } from './findings.ts'
import { fingerprint } from './fingerprint.ts'
import { type Acknowledged, type Load, sentKey } from './load.ts'
import type { Evidence } from './proof.ts'
import type { Step } from './prove-deliveries.ts'
import type { Member } from './world.ts'

export interface Verdict {
  emitId: string
  eventId: string | null
  verdict: string
  code: string | null
  channel: string
  name: string
  canonicalName: string | null
  idempotencyKey: string | null
  subscriberCount: number
  recordedAt: string
  webhookIds: string[]
}

const isOwn = ({ channel }: Verdict) => channel !== 'platform'
const isAccepted = ({ verdict }: Verdict) => verdict === 'accepted'
const QUOTA_CODE = 'monthly_emit_quota_exceeded'
/** Emits a month of those whose quota a run can reach. */
const quotaOf = ({ plan, planChanged, environment }: Member) =>
  environment === 'test' || (plan === 'FREE' && !planChanged) ? 1_000 : undefined

export function proveAcknowledged(
  findings: Findings,
  member: Member,
  verdicts: Verdict[],
  acknowledged: Acknowledged[],
  load: Load,
): void {
  const { slug } = member
  const byEmit = Map.groupBy(verdicts, verdict => verdict.emitId)
  const judgedKeys = new Set(verdicts.map(({ idempotencyKey }) => idempotencyKey))
  const keyed = verdicts.filter(verdict => isAccepted(verdict) && verdict.idempotencyKey !== null)
  const acceptedByKey = Map.groupBy(keyed, ({ idempotencyKey }) => idempotencyKey!)
  for (const [emitId, rows] of byEmit)
    findings.check('every emit has exactly one verdict', rows.length === 1, () => `${emitId}: ${rows.length}`)
  for (const [key, rows] of acceptedByKey)
    findings.check(
      'an idempotency key makes one event at most',
      rows.length === 1,
      () => `${slug} ${key}: ${rows.length}`,
    )
  for (const { emitId, channel, idempotencyKey } of verdicts)
    if (channel !== 'platform')
      findings.check(
        'nothing was judged that nobody emitted',
        load.sent.has(sentKey(member, idempotencyKey)),
        () => `${slug} ${emitId}`,
      )
  for (const { emitId, eventId, key, outcome, code } of acknowledged) {
    const row = emitId === undefined ? undefined : byEmit.get(emitId)?.[0]
    if (emitId !== undefined)
      findings.check(
        'every emit that was acknowledged is in the history',
        row !== undefined,
        () => `${emitId} (${outcome})`,
      )
    else if (outcome === 'pending')
      findings.check('every record that Kafka acknowledged was judged', judgedKeys.has(key!), () => `${slug} ${key}`)
    if (row && outcome === 'rejected')
      findings.check(
        'the history says what the caller was told',
        row.verdict === 'rejected' && row.code === code,
        () => `${emitId}: ${code}, ${row.code}`,
      )
    if (outcome !== 'accepted' && outcome !== 'duplicate') continue
    const made = acceptedByKey.get(key!)?.[0]
    findings.check('what was accepted made an event', made !== undefined, () => `${slug} ${key} (${outcome})`)
    findings.check(
      'every answer to a key names its one event',
      made?.eventId === eventId,
      () => `${slug} ${key} (${outcome}): ${eventId}, ${made?.eventId}`,
    )
  }
}

/** The organization's log: numbered without a gap, of its own events, word for word as they were emitted. */
export async function proveLog(
  findings: Findings,
  member: Member,
  verdicts: Verdict[],
  { pages, load }: Evidence,
): Promise<void> {
  const { slug, id, environment } = member
  const accepted = verdicts.filter(isAccepted)
  const keyOf = new Map(accepted.filter(isOwn).map(({ eventId, idempotencyKey }) => [eventId, idempotencyKey]))
  const acceptedIds = new Set(accepted.map(({ eventId }) => eventId))
  const log = await readLog(pages, events.nameFor(id, environment))
  const sequences = log.map(({ headers }) => Number(headers.sequence))
  const gap = sequences.findIndex((sequence, index) => sequence !== index + 1)
  findings.check(
    'the log is numbered without a gap',
    gap < 0,
    () => `${slug} ${environment}: ${sequences[gap]} at place ${gap + 1}`,
  )
  findings.check(
    'log = own accepted emits + what federation admitted',
    log.length === accepted.length,
    () => `${slug} ${environment}: ${log.length} and ${accepted.length}`,
  )
  for (const { headers, value, offset } of log) {
    const eventId = String(headers['event-id'])
    findings.check(
      'every event of the log has its verdict',
      acceptedIds.has(eventId),
      () => `${slug} ${eventId} at ${offset}`,
    )
    findings.check(
      'a log holds events of its organization only',
      String(headers['canonical-name']).includes(`:${id}:`),
      () => `${slug}: ${headers['canonical-name']}`,
    )
    const key = keyOf.get(eventId)
    if (key !== undefined)
      findings.check(
        'the log has each payload byte for byte as it was emitted',
        load.sent.get(sentKey(member, key)) === fingerprint(value!),
        () => `${slug} ${eventId}`,
      )
  }
}

export async function proveNumbers(
  findings: Findings,
  member: Member,
  verdicts: Verdict[],
  { pages, analytics }: Evidence,
): Promise<void> {
  const { slug, id, environment } = member
  const ingress = await readLog(pages, emits.nameFor(id, environment))
  const judged = verdicts.filter(isOwn).length
  findings.check(
    'ingress = audit rows of all verdicts',
    ingress.length === judged,
    () => `${slug} ${environment}: ${ingress.length} and ${judged}`,
  )
  const scope = { organizationId: id, environment }
  const held = await analytics.query<{ emitId: string; count: number }>(QUARANTINE, scope)
  const inQuarantine = new Map(held.map(({ emitId, count }) => [emitId, Number(count)]))
  const refused = verdicts.filter(({ verdict, channel }) => verdict === 'rejected' && channel === 'kafka')
  for (const { emitId, code } of refused)
    findings.check(
      'every record of Kafka that was rejected is in quarantine once',
      inQuarantine.get(emitId) === 1,
      () => `${emitId}: ${code}`,
    )
  const quota = quotaOf(member)
  if (quota === undefined) return
  const own = verdicts.filter(verdict => isOwn(verdict) && isAccepted(verdict)).length
  const over = verdicts.some(({ code }) => code === QUOTA_CODE)
  findings.check(
    over ? 'a quota that was hit was used to the unit' : 'no quota was exceeded',
    over ? own === quota : own <= quota,
    () => `${slug} ${environment}: ${own} of ${quota}`,
  )
}

const QUARANTINE = `SELECT emitId, count() AS count FROM quarantine
  WHERE organizationId = {organizationId:String} AND environment = {environment:String} GROUP BY emitId`

/** Counter, meters and rows of this month. */
export async function proveNumbersOfMonth(
  findings: Findings,
  member: Member,
  verdicts: Verdict[],
  steps: Step[],
  { world, analytics }: Evidence,
): Promise<void> {
  const { slug, id, environment, apiKey } = member
  const month = new Date().toISOString().slice(0, 7)
  const isOfMonth = (time: string) => time.startsWith(month)
  const own = verdicts.filter(verdict => isOwn(verdict) && isAccepted(verdict) && isOfMonth(verdict.recordedAt)).length
  const { meters } = await world.surely<{ meters: { emits: number } }>(
    apiKey,
    'GET',
    `/api/v1/usage/summary?month=${month}`,
  )
  const usage = await analytics.query<{ meter: string; count: number }>(USAGE, {
    organizationId: id,
    environment,
    month,
  })
  const used = (meter: string) => Number(usage.find(each => each.meter === meter)?.count ?? 0)
  findings.check(
    'quota counter = usage = own accepted emits',
    meters.emits === own && used('emits') === own,
    () => `${slug} ${environment}: counter ${meters.emits}, usage ${used('emits')}, accepted ${own}`,
  )
  const attempts = steps.filter(({ attemptId, startedAt }) => attemptId !== null && isOfMonth(startedAt))
  const succeeded = attempts.filter(({ state }) => state === 'success').length
  findings.check(
    'usage of attempts and deliveries = their audit rows',
    used('webhook_attempts') === attempts.length && used('deliveries_succeeded') === succeeded,
    () =>
      `${slug} ${environment}: ${used('webhook_attempts')}/${attempts.length}, ${used('deliveries_succeeded')}/${succeeded}`,
  )
}

const USAGE = `SELECT meter, toUInt64(sum(count)) AS count FROM usage_by_hour
  WHERE organizationId = {organizationId:String} AND environment = {environment:String} AND formatDateTime(hour, '%Y-%m') = {month:String}
  GROUP BY meter`

async function readLog(pages: LogPages, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = []
  for (let offset = 0, end = 1; offset < end; ) {
    const page = await pages.read(topic, 0, offset)
    records.push(...page.records)
    offset = page.nextOffset
    end = page.stableEnd
  }
  return records
}
