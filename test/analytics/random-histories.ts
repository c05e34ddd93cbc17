/** Random histories of emits and deliveries, as the engine would write them. */
import fc from 'fast-check'
import { deliveryId } from '../../src/model/ids.ts'
import type { AttemptRow, DeliveryState } from '../../topics/audit-attempts.ts'
import type { CompletionRow, VerdictRow } from '../../topics/audit-emits.ts'
import { attempt, completion, matched, NOON, verdict } from './audit-rows.ts'

export const WEBHOOKS = ['wh_a', 'wh_b'] as const
export const DAY_MS = 86_400_000

interface StepPlan {
  state: DeliveryState
  reason: string | null
  /** False: an end, or a call, without an attempt. */
  isAttempt: boolean
  /** Of one that is tried again by hand, the number goes on. */
  again: boolean
  laterMs: number
}
interface DeliveryPlan {
  kind: 'own' | 'catch-up' | 'replay' | 'older-catch-up'
  steps: StepPlan[]
}
interface EmitPlan {
  kind: 'accepted' | 'redriven' | 'failed' | 'rejected' | 'duplicate'
  webhooks: Array<{ is: 'matched' | 'skipped' | 'none'; deliveries: DeliveryPlan[] }>
  type: 'shop.order_placed' | 'shop.other'
  ended: 'DELIVERED' | 'FAILED' | null
  sameMs: boolean
}

const step = fc.oneof(
  ...[
    { state: 'success', reason: null, isAttempt: true },
    { state: 'retrying', reason: null, isAttempt: true },
    { state: 'failed', reason: 'exhausted', isAttempt: true },
    { state: 'retrying', reason: 'asked_for', isAttempt: false },
    { state: 'failed', reason: 'endpoint_unavailable', isAttempt: false },
    { state: 'failed', reason: 'outside_retention', isAttempt: false },
    { state: 'skipped', reason: 'left_out', isAttempt: false },
    { state: 'cancelled', reason: 'manual', isAttempt: false },
  ].map(
    each =>
      fc.record({
        ...fromEach(each),
        again: fc.boolean(),
        laterMs: fc.constantFrom(0, 0, 1, 900),
      } as never) as fc.Arbitrary<StepPlan>,
  ),
)
function fromEach(each: object) {
  return Object.fromEntries(Object.entries(each).map(([name, value]) => [name, fc.constant(value)]))
}
const delivery = fc.record<DeliveryPlan>({
  kind: fc.constantFrom('own', 'own', 'own', 'catch-up', 'replay', 'older-catch-up'),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
})
export const emit = fc.record<EmitPlan>({
  kind: fc.constantFrom('accepted', 'accepted', 'accepted', 'accepted', 'redriven', 'failed', 'rejected', 'duplicate'),
  webhooks: fc.array(
    fc.record({
      is: fc.constantFrom('matched', 'matched', 'skipped', 'none'),
      deliveries: fc.array(delivery, { maxLength: 2 }),
    }),
    { minLength: WEBHOOKS.length, maxLength: WEBHOOKS.length },
  ) as fc.Arbitrary<EmitPlan['webhooks']>,
  type: fc.constantFrom('shop.order_placed', 'shop.other'),
  ended: fc.constantFrom('DELIVERED', 'FAILED', null),
  sameMs: fc.boolean(),
})

interface History {
  verdicts: VerdictRow[]
  completions: CompletionRow[]
  attempts: AttemptRow[]
  /** The deliveries of single reads: every one that there may be. */
  deliveryIds: Map<string, string>
}

/** The rows of a history; `offset` keeps the numbers of several apart. */
export function rowsOf(plans: EmitPlan[], organizationId: string): History {
  const history: History = { verdicts: [], completions: [], attempts: [], deliveryIds: new Map() }
  let atMs = NOON
  for (const [index, plan] of plans.entries()) {
    if (!plan.sameMs) atMs += 7
    const n = index + 1
    const facts = { organizationId, name: plan.type, recordedAtMs: atMs }
    const at = (is: string) => WEBHOOKS.filter((_, place) => plan.webhooks[place]!.is === is)
    if (plan.kind === 'rejected' || plan.kind === 'duplicate') {
      history.verdicts.push(
        verdict(n, { ...facts, verdict: plan.kind, ...(plan.kind === 'rejected' ? { eventId: null } : {}) }),
      )
      continue
    }
    const accepted = matched(n, at('matched'), at('skipped'), facts)
    const unwritten = {
      ...accepted,
      verdict: 'failed' as const,
      eventId: null,
      sequence: null,
      webhooks: [],
      subscriberCount: 0,
    }
    if (plan.kind !== 'accepted') history.verdicts.push({ ...unwritten, payload: null })
    if (plan.kind === 'failed') continue
    // A redriven emit keeps its id and is recorded when the redrive came.
    const lateMs = plan.kind === 'redriven' ? 5_003 : 0
    const event = { ...accepted, recordedAtMs: atMs + lateMs, judgedAtMs: accepted.judgedAtMs + lateMs, payload: null }
    history.verdicts.push(event)
    if (event.subscriberCount > 0 && plan.ended !== null) history.completions.push(completion(event, plan.ended))
    for (const [place, { is, deliveries }] of plan.webhooks.entries()) {
      const webhookId = WEBHOOKS[place]!
      if (is !== 'none') history.deliveryIds.set(deliveryId(event.eventId!, webhookId), webhookId)
      if (is === 'matched')
        for (const [which, planned] of deliveries.entries()) addSteps(history, event, webhookId, planned, which)
    }
  }
  return history
}

function addSteps(
  history: History,
  event: VerdictRow,
  webhookId: string,
  { kind, steps }: DeliveryPlan,
  which: number,
): void {
  const replayId = kind === 'own' ? null : `rpl_${kind}_${which}`
  const id = deliveryId(event.eventId!, webhookId, kind === 'replay' ? replayId! : undefined)
  const known = history.attempts.find(row => row.deliveryId === id)
  // All steps of a delivery have the same time of creation.
  const createdAtMs =
    known?.createdAtMs ?? event.recordedAtMs + (kind === 'own' || kind === 'catch-up' ? 0 : 60_000 + which)
  const before = history.attempts.filter(row => row.deliveryId === id)
  let number = Math.max(0, ...before.map(row => row.number))
  let startedAtMs = Math.max(createdAtMs, ...before.map(row => row.startedAtMs + 1))
  // An ended delivery goes on by hand alone, and its trigger stays `manual`.
  let isByHand = before.some(({ state, trigger }) => state !== 'retrying' || trigger === 'manual')
  for (const planned of steps) {
    if (planned.isAttempt) number++
    // A retry by hand follows a step that its caller has seen, so their times differ.
    const isFirstByHand = !isByHand && planned.again
    startedAtMs += isFirstByHand ? Math.max(1, planned.laterMs) : planned.laterMs
    isByHand ||= planned.again
    history.attempts.push(
      attempt(event, webhookId, id, {
        ...{
          number,
          state: planned.state,
          reason: planned.reason,
          startedAtMs,
          createdAtMs,
          replayId: known?.replayId ?? replayId,
        },
        attemptId: planned.isAttempt ? `att_${history.attempts.length}` : null,
        trigger: isByHand ? 'manual' : kind === 'replay' || kind === 'older-catch-up' ? 'replay' : 'live',
      }),
    )
    if (!isByHand && planned.state !== 'retrying') {
      isByHand = true
      startedAtMs++
    }
  }
  history.deliveryIds.set(id, webhookId)
}
