/** Deliveries: what the history says became of each, held against the events, the webhooks, and what the receivers saw. */
import { deliveryId } from '../src/model/ids.ts'
import type { Findings } from './findings.ts'
import { sentKey } from './load.ts'
import type { Verdict } from './prove-emits.ts'
import type { Arrival } from './receivers.ts'
import type { Member } from './world.ts'

export interface Step {
  deliveryId: string
  eventId: string
  webhookId: string
  number: number
  maxAttempts: number
  attemptId: string | null
  state: string
  trigger: string
  responseStatus: number | null
  startedAt: string
}

interface Seen {
  verdicts: Verdict[]
  steps: Step[]
  completions: Array<{ emitId: string; count: number }>
  byWebhook: ReadonlyMap<string, Arrival[]>
  sent: ReadonlyMap<string, string>
}

export function proveDeliveries(findings: Findings, member: Member, seen: Seen): void {
  proveMatches(findings, member, seen)
  proveHistories(findings, seen.steps)
  const keyOf = new Map(
    seen.verdicts
      .filter(({ verdict }) => verdict === 'accepted')
      .map(verdict => [verdict.eventId, verdict.idempotencyKey]),
  )
  for (const { name, id, ordering, manner } of member.webhooks) {
    const arrivals = seen.byWebhook.get(name) ?? []
    const steps = seen.steps.filter(({ webhookId }) => webhookId === id)
    proveArrivals(findings, name, steps, arrivals)
    for (const { eventId, payload } of arrivals) {
      const key = keyOf.get(eventId)
      findings.check('nobody receives what is no event', key !== undefined, () => `${name}: ${eventId}`)
      if (key)
        findings.check(
          'receivers get what was emitted',
          seen.sent.get(sentKey(member, key)) === payload,
          () => `${name}: ${eventId}`,
        )
    }
    if (ordering === 'block') proveOrder(findings, name, steps, arrivals)
    if (manner === 'hanging') provePatience(findings, name, id, seen.verdicts, arrivals)
  }
}

/** However long it hung: nothing is given up, and nothing is left behind. */
function provePatience(findings: Findings, name: string, id: string, verdicts: Verdict[], arrivals: Arrival[]): void {
  const taken = new Set(arrivals.filter(({ answered }) => answered === 204).map(({ eventId }) => eventId))
  for (const { eventId, verdict, webhookIds } of verdicts) {
    if (verdict !== 'accepted' || !webhookIds.includes(id)) continue
    findings.check(
      'what a receiver was owed while it hung has arrived',
      taken.has(eventId!),
      () => `${name}: ${eventId}`,
    )
  }
}

function proveMatches(findings: Findings, member: Member, { verdicts, steps, completions }: Seen): void {
  const made = new Set(steps.map(step => step.deliveryId))
  const due = new Set<string>()
  const lastWords = new Map(completions.map(({ emitId, count }) => [emitId, Number(count)]))
  const own = member.webhooks
    .map(({ id }) => id)
    .sort()
    .join()
  for (const { emitId, eventId, webhookIds, verdict, channel, subscriberCount } of verdicts) {
    if (verdict !== 'accepted') continue
    if (subscriberCount > 0)
      findings.check(
        'every event with subscribers has its last word, once',
        lastWords.get(emitId) === 1,
        () => `${member.slug} ${eventId}`,
      )
    // An organization that joins in the middle may have produced into Kafka before every process knew its webhook.
    if (member.founder || channel === 'http')
      findings.check(
        'every event goes to every webhook of its organization',
        webhookIds.toSorted().join() === own,
        () => `${member.slug} ${eventId}`,
      )
    for (const webhookId of webhookIds) {
      const id = deliveryId(eventId!, webhookId)
      due.add(id)
      findings.check(
        'every event and matching webhook has its delivery',
        made.has(id),
        () => `${eventId} to ${webhookId}`,
      )
    }
  }
  for (const id of made)
    findings.check('no delivery is there without its event', due.has(id), () => `${member.slug} ${id}`)
}

/** A delivery is tried 1, 2, 3 …, `retrying` between, and ends once: with success, or failed when its attempts are used up. */
function proveHistories(findings: Findings, steps: Step[]): void {
  for (const [id, own] of Map.groupBy(steps, step => step.deliveryId)) {
    const attempts = own.filter(step => step.attemptId !== null)
    const last = own.at(-1)!
    const states = () => `${id}: ${own.map(({ number, state }) => `${number} ${state}`).join(', ')}`
    findings.check(
      'attempts are numbered 1, 2, 3 …, each made once',
      attempts.every(({ number }, at) => number === at + 1),
      states,
    )
    findings.check(
      'every delivery has ended, with success or failed',
      last.state === 'success' || last.state === 'failed',
      states,
    )
    findings.check(
      'before its end a delivery is being retried, after it nothing comes',
      own.slice(0, -1).every(({ state }) => state === 'retrying'),
      states,
    )
    findings.check(
      'no more attempts than the schedule has, and failed only when they are used up',
      attempts.length <= last.maxAttempts && (last.state !== 'failed' || attempts.length === last.maxAttempts),
      states,
    )
    const wellAnswered = attempts.every(
      ({ state, responseStatus }) => (state === 'success') === (responseStatus === 204),
    )
    findings.check('success is what was answered well, and nothing else', wellAnswered, states)
  }
}

function proveArrivals(findings: Findings, name: string, steps: Step[], arrivals: Arrival[]): void {
  const place = (delivery: string, number: number) => `${delivery}/${number}`
  const answered = Map.groupBy(arrivals, ({ deliveryId: id, attempt }) => place(id, attempt))
  const known = new Set<string>()
  for (const { deliveryId: id, number, attemptId, responseStatus } of steps) {
    if (attemptId === null) continue
    known.add(place(id, number))
    if (responseStatus === null) continue
    const matches = answered.get(place(id, number))?.some(arrival => arrival.answered === responseStatus) ?? false
    findings.check(
      'every answer in the history was given by its receiver',
      matches,
      () => `${name}: ${id} ${number} ${responseStatus}`,
    )
  }
  for (const at of answered.keys())
    findings.check('every request that arrived is in the history', known.has(at), () => `${name}: ${at}`)
}

/** Per subject an event comes for the first time only after the one before it has been taken, or has used up its attempts. */
function proveOrder(findings: Findings, name: string, steps: Step[], arrivals: Arrival[]): void {
  const failed = new Set(steps.filter(({ state }) => state === 'failed').map(({ eventId }) => eventId))
  for (const [subject, lane] of Map.groupBy(arrivals, ({ subject }) => subject)) {
    if (subject === null) continue
    const turns = turnsOf(lane).sort((a, b) => a.sequence - b.sequence)
    for (const [at, turn] of turns.entries()) {
      const before = turns[at - 1]
      if (before === undefined) continue
      const over = Math.min(before.takenAt, failed.has(before.eventId) ? before.lastTriedAt : Number.POSITIVE_INFINITY)
      findings.check(
        'an ordered webhook gets each subject in order, the next only when the last is over',
        over < turn.firstAt,
        () => `${name} ${subject}: ${turn.sequence} at ${turn.firstAt}, ${before.sequence} until ${over}`,
      )
    }
  }
}

interface Turn {
  eventId: string
  sequence: number
  /** Places among the arrivals of the lane. */
  firstAt: number
  takenAt: number
  /** Its last attempt came for the first time. */
  lastTriedAt: number
}

function turnsOf(lane: Arrival[]): Turn[] {
  const turns = new Map<string, Turn & { attempt: number }>()
  for (const [at, { eventId, sequence, attempt, answered }] of lane.entries()) {
    const turn = turns.get(eventId) ?? {
      eventId,
      sequence,
      firstAt: at,
      takenAt: Number.POSITIVE_INFINITY,
      lastTriedAt: at,
      attempt: 0,
    }
    turns.set(eventId, turn)
    if (answered === 204) turn.takenAt = Math.min(turn.takenAt, at)
    if (attempt > turn.attempt) Object.assign(turn, { attempt, lastTriedAt: at })
  }
  return [...turns.values()]
}
