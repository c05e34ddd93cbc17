/** What must hold when all is quiet, each in a sentence, with the first examples of what does not. */
import type { AnalyticsClient } from '../src/analytics/client.ts'
import { deliveryId } from '../src/events/ids.ts'
import type { LogPages } from '../src/kafka/log-pages.ts'
import type { LogRecord } from '../src/kafka/ports.ts'
import { emits } from '../topics/emits.ts'
import { events } from '../topics/events.ts'
import type { Load } from './load.ts'
import type { Arrival } from './receivers.ts'
import type { Member, World } from './world.ts'

export interface Finding {
  what: string
  /** How many things were looked at. */
  looked: number
  wrong: string[]
}

interface Verdict {
  emitId: string
  eventId: string | null
  verdict: string
  code: string | null
  channel: string
  idempotencyKey: string | null
  subscriberCount: number
  webhookIds: string[]
  completed: 0 | 1
}

interface Step {
  deliveryId: string
  eventId: string
  webhookId: string
  number: number
  maxAttempts: number
  attemptId: string | null
  state: string
  trigger: string
}

export async function prove(deps: {
  world: World
  load: Load
  arrivals: Arrival[]
  analytics: AnalyticsClient
  pages: LogPages
}): Promise<Finding[]> {
  const { world, load, analytics } = deps
  const findings = createFindings()
  for (const member of world.members) {
    const verdicts = await analytics.query<Verdict>(VERDICTS, { organizationId: member.id })
    const steps = await analytics.query<Step>(STEPS, { organizationId: member.id })
    proveAcknowledged(findings, member, verdicts, load)
    await proveNumbers(findings, member, verdicts, deps)
    proveDeliveries(findings, member, verdicts, steps)
    proveArrivals(findings, member, steps, deps.arrivals)
  }
  const own = new Map(world.members.flatMap(member => member.webhooks.map(webhook => [webhook.name, member.id])))
  for (const { webhook, organizationId } of deps.arrivals)
    findings.check(
      'no receiver gets what belongs to another organization',
      own.get(webhook) === organizationId,
      `${webhook}: ${organizationId}`,
    )
  return findings.list()
}

const VERDICTS = `SELECT emitId, eventId, verdict, code, channel, idempotencyKey, subscriberCount,
    arrayMap(w -> w.1, arrayFilter(w -> w.2 IS NULL, webhooks)) AS webhookIds,
    emitId IN (SELECT emitId FROM completions WHERE organizationId = {organizationId:String}) AS completed
  FROM emits WHERE organizationId = {organizationId:String} AND environment = 'live'`
const STEPS = `SELECT deliveryId, eventId, webhookId, number, maxAttempts, attemptId, state, trigger
  FROM attempts WHERE organizationId = {organizationId:String} AND environment = 'live'
  ORDER BY deliveryId, number, startedAt, attemptId IS NULL`

type Findings = ReturnType<typeof createFindings>

function createFindings() {
  const byWhat = new Map<string, Finding>()
  return {
    check(what: string, holds: boolean, example: string): void {
      const finding = byWhat.get(what) ?? { what, looked: 0, wrong: [] }
      byWhat.set(what, finding)
      finding.looked++
      if (!holds) finding.wrong.push(example)
    },
    list: () => [...byWhat.values()],
  }
}

function proveAcknowledged(findings: Findings, member: Member, verdicts: Verdict[], load: Load): void {
  const byEmit = Map.groupBy(verdicts, verdict => verdict.emitId)
  const judgedKeys = new Set(verdicts.map(({ idempotencyKey }) => idempotencyKey))
  const acceptedByKey = Map.groupBy(
    verdicts.filter(({ verdict, idempotencyKey }) => verdict === 'accepted' && idempotencyKey !== null),
    ({ idempotencyKey }) => idempotencyKey!,
  )
  for (const [emitId, rows] of byEmit) findings.check('every emit has exactly one verdict', rows.length === 1, `${emitId}: ${rows.length}`)
  for (const [key, rows] of acceptedByKey)
    findings.check('an idempotency key makes one event at most', rows.length === 1, `${member.slug} ${key}: ${rows.length}`)
  for (const { organizationId, emitId, key, outcome, code } of load.acknowledged) {
    if (organizationId !== member.id) continue
    const row = emitId === undefined ? undefined : byEmit.get(emitId)?.[0]
    if (emitId !== undefined)
      findings.check('every emit that was acknowledged is in the history', row !== undefined, `${emitId} (${outcome})`)
    else if (outcome === 'pending')
      findings.check('every record that Kafka acknowledged was judged', judgedKeys.has(key!), `${member.slug} ${key}`)
    if (row && outcome === 'rejected')
      findings.check(
        'the history says what the caller was told',
        row.verdict === 'rejected' && row.code === code,
        `${emitId}: ${code}, ${row.code}`,
      )
    if (outcome === 'accepted' || outcome === 'duplicate')
      findings.check('what was accepted made an event', acceptedByKey.has(key!), `${member.slug} ${key} (${outcome})`)
  }
}

async function proveNumbers(findings: Findings, member: Member, verdicts: Verdict[], deps: Parameters<typeof prove>[0]): Promise<void> {
  const accepted = verdicts.filter(({ verdict }) => verdict === 'accepted')
  const own = accepted.filter(({ channel }) => channel !== 'platform').length
  const log = await readLog(deps.pages, events.nameFor(member.id, 'live'))
  const ingress = await readLog(deps.pages, emits.nameFor(member.id, 'live'))
  const sequences = log.map(({ headers }) => Number(headers.sequence))
  const isDense = sequences.every((sequence, at) => sequence === at + 1)
  findings.check('the log is numbered without a gap', isDense, `${member.slug}: ${firstGap(sequences)}`)
  findings.check('log = accepted', log.length === accepted.length, `${member.slug}: ${log.length} and ${accepted.length}`)
  const judged = verdicts.filter(({ channel }) => channel !== 'platform').length
  findings.check('ingress = verdicts', ingress.length === judged, `${member.slug}: ${ingress.length} and ${judged}`)
  const month = new Date().toISOString().slice(0, 7)
  const { meters } = await deps.world.surely<{ meters: { emits: number } }>(member.apiKey, 'GET', `/api/v1/usage/summary?month=${month}`)
  const counter = meters.emits
  const [usage] = await deps.analytics.query<{ count: number }>(USAGE, { organizationId: member.id })
  const figures = `${member.slug}: counter ${counter}, usage ${usage?.count}, accepted ${own}`
  findings.check('quota counter = usage = own accepted emits', counter === own && Number(usage?.count) === own, figures)
  const foreign = log.filter(({ headers }) => !String(headers['canonical-name']).includes(`:${member.id}:`))
  findings.check('a log holds events of its organization only', foreign.length === 0, `${member.slug}: ${foreign.length}`)
}

const USAGE = `SELECT toUInt64(sum(count)) AS count FROM usage_by_hour
  WHERE organizationId = {organizationId:String} AND environment = 'live' AND meter = 'emits'`

const firstGap = (sequences: number[]): string => {
  const at = sequences.findIndex((sequence, index) => sequence !== index + 1)
  return `${sequences[at]} at place ${at + 1}`
}

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

const ENDED = new Set(['success', 'failed', 'cancelled', 'skipped'])

function proveDeliveries(findings: Findings, member: Member, verdicts: Verdict[], steps: Step[]): void {
  const byDelivery = Map.groupBy(steps, step => step.deliveryId)
  for (const { eventId, webhookIds, verdict, completed, subscriberCount } of verdicts) {
    if (verdict !== 'accepted') continue
    if (subscriberCount > 0) findings.check('every event with subscribers has its last word', completed === 1, `${member.slug} ${eventId}`)
    for (const webhookId of webhookIds) {
      const found = byDelivery.get(deliveryId(eventId!, webhookId))
      findings.check('every event and matching webhook has its delivery', found !== undefined, `${eventId} to ${webhookId}`)
    }
  }
  for (const [id, own] of byDelivery) {
    const attempts = own.filter(step => step.attemptId !== null)
    const last = own.at(-1)!
    const numbers = attempts.map(step => step.number)
    findings.check(
      'attempts are numbered 1, 2, 3 …, each made once',
      numbers.every((number, at) => number === at + 1),
      `${id}: ${numbers}`,
    )
    findings.check(
      'no more attempts than the schedule has',
      attempts.length <= last.maxAttempts || last.attemptId === null,
      `${id}: ${attempts.length}`,
    )
    findings.check('every delivery has ended', ENDED.has(last.state), `${id}: ${last.state} after ${attempts.length}`)
    const early = own.slice(0, -1).find(step => ENDED.has(step.state))
    findings.check('nothing comes after the end of a delivery', early === undefined, `${id}: ${own.map(step => step.state)}`)
  }
}

function proveArrivals(findings: Findings, member: Member, steps: Step[], arrivals: Arrival[]): void {
  const succeeded = new Map(steps.filter(({ state }) => state === 'success').map(step => [step.deliveryId, step]))
  for (const { name, id, ordering } of member.webhooks) {
    const own = arrivals.filter(({ webhook }) => webhook === name)
    const answeredWell = new Set(own.filter(({ answered }) => answered === 204).map(arrival => arrival.deliveryId))
    for (const [delivery, step] of succeeded)
      if (step.webhookId === id) findings.check('what counts as delivered was received', answeredWell.has(delivery), `${name}: ${delivery}`)
    if (ordering === 'block') proveOrder(findings, name, own)
  }
}

/** Per subject an event comes for the first time only after those before it have been taken. */
function proveOrder(findings: Findings, name: string, own: Arrival[]): void {
  for (const [subject, lane] of Map.groupBy(own, ({ subject }) => subject)) {
    if (subject === null) continue
    const firsts = new Map<string, number>()
    for (const { eventId, sequence } of lane) if (!firsts.has(eventId)) firsts.set(eventId, sequence)
    const order = [...firsts.values()]
    const at = order.findIndex((sequence, index) => index > 0 && sequence < order[index - 1]!)
    findings.check('an ordered webhook gets each subject in order', at < 0, `${name} ${subject}: ${order[at]} after ${order[at - 1]}`)
  }
}
