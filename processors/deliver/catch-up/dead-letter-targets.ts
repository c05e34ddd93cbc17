/**
 * Webhooks as targets of redrives: their dead letters, found in the history in the order of their events, begin their
 * schedule again under their ids and with their attempts. What a redrive takes was fixed by its call.
 */
import type { DeadLetter, DeadLettersOf } from '../../../src/analytics/read/redrive-reads.ts'
import type { Clock } from '../../../src/clock.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Replay, ReplayTarget } from '../../../src/model/replays.ts'
import type { HandedOver } from '../../../src/replay/ways/ends.ts'
import { type KeptEvents, recordOf } from '../../../src/replay/ways/listed-events.ts'
import type { OpenTarget, OwnEvents } from '../../../src/replay/ways/owner.ts'
import type { Candidate, StretchReader } from '../../../src/replay/ways/way.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { ManualRetries } from '../state/manual-retries.ts'

/** Dead letters in one question to the history: it takes as long for one as for thousands. */
const LETTERS = 2_000
/** Events with their payloads that are in memory at a time. */
const EVENTS = 50

export interface DeadLetterPorts {
  clock: Clock
  view: Pick<ControlView, 'find'>
  manualRetries: Pick<ManualRetries, 'accept' | 'isBy'>
  /** From the history: at least `limit` from a number on, all of each event. */
  deadLetters(of: DeadLettersOf, fromSequence: number, limit: number): Promise<DeadLetter[]>
  /** From the history. */
  keptEvents: KeptEvents
  /** Whether the webhook is owed something that goes first. */
  isWaiting(webhookId: string): boolean
  /** Into the engine as a manual retry; calls back after its first attempt. */
  takeAgain(record: RetryRecord, left: () => void): void
}

export function openDeadLetters(
  ports: DeadLetterPorts,
  replay: Replay,
  { id: webhookId }: Pick<ReplayTarget, 'id'>,
): OpenTarget {
  const { view, clock, manualRetries } = ports
  const { organizationId, id: replayId } = replay
  const webhook = () => view.find('webhook', organizationId, webhookId)
  /** Those of events that are being read, by the events' numbers. */
  const read = new Map<number, DeadLetter[]>()

  /** What became of it; `left` is called in any case. */
  function again(letter: DeadLetter, { event, payload }: Candidate, left: () => void): HandedOver {
    const { id: deliveryId, attempts } = letter
    const nowMs = Math.round(clock.nowMs())
    // Meanwhile it was retried by another call.
    if (!manualRetries.accept(deliveryId, attempts, replayId, nowMs, true)) {
      left()
      return { outcome: 'skipped', reason: 'delivery_in_progress', deliveryId }
    }
    const schedule = { attempts, attemptsBefore: attempts, once: false, dueAtMs: nowMs }
    const createdAtMs = Date.parse(letter.createdAt)
    const made = { trigger: 'manual', replayId: letter.replayId, ...schedule, createdAtMs } as const
    ports.takeAgain({ event, payload, webhookId, deliveryId, ...made }, left)
    return { outcome: 'redriven', reason: null, deliveryId }
  }

  return {
    state() {
      const now = webhook()
      return now === undefined ? 'gone' : now.active ? 'active' : 'inactive'
    },
    isWaiting: () => webhook()?.active === true && ports.isWaiting(webhookId),
    inFlightMax: () => webhook()?.maxInFlight ?? 1,
    selection: () => undefined,
    judge: async candidates => candidates,
    own: ownEvents(ports, replay, webhookId, read),
    deliver(candidate, left) {
      const letters = read.get(candidate.number) ?? []
      read.delete(candidate.number)
      let under = letters.length
      const one = () => {
        if (--under === 0) left()
      }
      return letters.map(letter => again(letter, candidate, one))
    },
  }
}

function ownEvents(
  ports: DeadLetterPorts,
  replay: Replay,
  webhookId: string,
  read: Map<number, DeadLetter[]>,
): OwnEvents {
  return {
    open: async from => createReader(ports, replay, webhookId, read, from),
    choose: batch =>
      batch.map(candidate => {
        const deliveryIds = (read.get(candidate.number) ?? []).map(({ id }) => id)
        const isErased = candidate.payload === null || candidate.payload.length === 0
        return isErased
          ? { ...candidate, deliveryIds, without: { outcome: 'skipped' as const, reason: 'erased' } }
          : { ...candidate, deliveryIds }
      }),
  }
}

function createReader(
  ports: DeadLetterPorts,
  replay: Replay,
  webhookId: string,
  read: Map<number, DeadLetter[]>,
  from: number,
): StretchReader {
  const { organizationId, environment, createdAt: asOf } = replay
  const owner = { organizationId, environment }
  const of: DeadLettersOf = { ...owner, webhookId, ...replay.deadLetters!, asOf }
  let next = from
  let waiting: Array<[number, DeadLetter[]]> = []
  let isClosed = false

  /** False: there are no more. */
  async function fill(): Promise<boolean> {
    while (waiting.length === 0) {
      const found = await ports.deadLetters(of, next, LETTERS)
      if (found.length === 0) return false
      next = found.at(-1)!.sequence + 1
      const own = found.filter(each => !each.isTakenUp || ports.manualRetries.isBy(each.id, replay.id))
      waiting = [...Map.groupBy(own, ({ sequence }) => sequence)]
    }
    return true
  }

  return {
    async read() {
      if (isClosed || !(await fill())) return undefined
      // All of the batch before have been handed over, or settled.
      read.clear()
      const batch = waiting.slice(0, EVENTS)
      const emitIds = batch.map(([, letters]) => letters[0]!.emitId)
      const kept = await ports.keptEvents.events(owner, emitIds)
      const byNumber = new Map(kept.map(one => [one.event.sequence, one]))
      const [first] = batch
      // Said one by one, so that they are counted.
      if (!byNumber.has(first![0])) {
        waiting = waiting.slice(1)
        return { gone: { from: first![0], through: first![0] } }
      }
      const there = batch.slice(0, batch.findIndex(([number]) => !byNumber.has(number)) >>> 0)
      waiting = waiting.slice(there.length)
      for (const [number, letters] of there) read.set(number, letters)
      return { records: there.map(([number]) => ({ number, record: recordOf(replay, byNumber.get(number)!) })) }
    },
    positions: () => new Map(),
    close() {
      isClosed = true
    },
  }
}
