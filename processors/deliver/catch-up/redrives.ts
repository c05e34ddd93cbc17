/**
 * Redrives of a webhook's dead letters that earlier releases began (now they are replays): the log is read by number, the history says which deliveries failed, and these
 * repeat their schedule under their former ids and attempts. The progress is state of the shard.
 */
import type { Clock } from '../../../src/clock.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { createChangelogTable } from '../../../src/replay/ways/changelog-table.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import { type Candidate, createWay, type Way } from '../../../src/replay/ways/way.ts'
import type { DeliveryCommand, RedriveRange } from '../../../topics/deliveries-commands.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import {
  catchUpKeys,
  deliveryCatchUps,
  type RedriveState,
  redriveStateCodec,
} from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import type { ManualRetries } from '../state/manual-retries.ts'

/** A delivery as the history has it. */
export interface DeadLetter {
  id: string
  status: string
  reason: string | null
  trigger: string
  attempts: number
  replayId: string | null
  /** ISO 8601. */
  createdAt: string
  /** Time of its newest step, ISO 8601. */
  newestAt: string | null
}

export interface Redrives {
  restore(commandId: string, value: Buffer | null): void
  start(): void
  /** Checks again whether they may go on. */
  nudge(): void
  /** The command has been read; `kept` is called once it is stored. */
  begin(command: DeliveryCommand, range: RedriveRange, kept: () => void): void
  seal(partition: number): OutRecord[]
  close(): void
}

interface Running extends RedriveState {
  way: Way | undefined
}

export function createRedrives(ports: {
  log: LogSource
  clock: Clock
  logger: Logger
  view: ControlView
  manualRetries: ManualRetries
  /** From the history; deliveries that it does not have are left out. */
  deliveries(
    log: { organizationId: string; environment: 'live' | 'test' },
    deliveryIds: string[],
  ): Promise<DeadLetter[]>
  isWaiting(webhookId: string): boolean
  /** Into the engine as a manual retry; calls back after its first attempt. */
  take(record: RetryRecord, left: () => void): void
  changed(): void
  fail(error: Error): void
}): Redrives {
  const { view, clock } = ports
  const states = createChangelogTable<Running>({
    topic: deliveryCatchUps.name,
    keyOf: catchUpKeys.ofRedrive,
    encode: ({ way, ...state }) => {
      const { nextNumber = state.nextNumber, doneNumbers = state.doneNumbers } = way?.position() ?? {}
      return redriveStateCodec.encode({ ...state, nextNumber, doneNumbers })
    },
    onChange: () => ports.changed(),
  })
  let forget: () => void = () => undefined
  let closed = false

  const webhookOf = ({ organizationId, webhookId }: RedriveState) => view.find('webhook', organizationId, webhookId)

  async function run(commandId: string, state: Running): Promise<void> {
    const { organizationId, environment, webhookId, throughSequence, ratePerSecond } = state
    const way = createWay({
      ...ports,
      position: { cursors: [], nextNumber: state.nextNumber, doneNumbers: state.doneNumbers },
      stretch: {
        topic: events.nameFor(organizationId, environment),
        organizationId,
        completeAtMs: 0,
        begins: () => true,
        ends: event => event.sequence > throughSequence,
        choose: batch => choose(commandId, state, batch),
      },
      ratePerSecond,
      inFlightMax: () => webhookOf(state)?.maxInFlight ?? 1,
      halted: () => webhookOf(state)?.active === false || ports.isWaiting(webhookId),
      deliver: ({ letter, event, payload }: Candidate & { letter?: DeadLetter }, left) => {
        const { attempts, replayId, createdAt, id } = letter!
        const nowMs = Math.round(clock.nowMs())
        // Meanwhile it was retried by name.
        if (!ports.manualRetries.accept(id, attempts, commandId, nowMs, true)) {
          left()
          return
        }
        const schedule = {
          attempts,
          attemptsBefore: attempts,
          once: false,
          dueAtMs: nowMs,
          createdAtMs: Date.parse(createdAt),
        }
        ports.take({ event, payload, webhookId, deliveryId: id, trigger: 'manual', replayId, ...schedule }, left)
        // The request is shown at once.
        ports.changed()
      },
      moved: () => states.touch(commandId),
    })
    state.way = way
    await way.pass()
    if (!closed && states.get(commandId) === state) states.end(commandId)
  }

  async function choose(commandId: string, state: Running, batch: Candidate[]): Promise<Candidate[]> {
    const { webhookId, throughSequence, fromMs, toMs, askedAtMs } = state
    if (!webhookOf(state)) return []
    const ids = new Map(
      batch
        .filter(({ number }) => number <= throughSequence)
        .map(each => [deliveryId(each.event.eventId, webhookId), each] as const),
    )
    if (ids.size === 0) return []
    const found = await ports.deliveries(state, [...ids.keys()])
    const chosen = found.filter(({ id, status, reason, trigger, createdAt, newestAt }) => {
      // It was in flight in a crash.
      if (status === 'retrying' && reason === 'asked_for') return ports.manualRetries.isBy(id, commandId)
      if (
        !(status === 'failed' || (status === 'skipped' && reason === 'left_out')) ||
        trigger === 'test' ||
        trigger === 'workflow'
      )
        return false
      const createdMs = Date.parse(createdAt)
      if ((fromMs !== null && createdMs < fromMs) || (toMs !== null && createdMs >= toMs)) return false
      return newestAt === null || Date.parse(newestAt) <= askedAtMs
    })
    return chosen.map(letter => ({ ...ids.get(letter.id)!, letter })).sort((a, b) => a.number - b.number)
  }

  function follow(commandId: string): void {
    const state = states.get(commandId)
    if (!state || closed) return
    if (!webhookOf(state)) {
      state.way?.stop()
      states.end(commandId)
    } else if (state.way) state.way.nudge()
    else run(commandId, state).catch(error => ports.fail(error as Error))
  }

  return {
    restore(commandId, value) {
      states.restore(commandId, value ? { ...redriveStateCodec.decode(value), way: undefined } : undefined)
    },
    start() {
      forget = view.onChange((kind, _organizationId, id) => {
        if (kind !== 'webhook') return
        for (const commandId of states.ids()) if (states.get(commandId)?.webhookId === id) follow(commandId)
      })
      for (const commandId of states.ids()) follow(commandId)
    },
    begin({ commandId, organizationId, webhookId }, { fromSequence, ...range }, kept) {
      if (!states.get(commandId)) {
        states.set(commandId, {
          organizationId,
          webhookId,
          ...range,
          nextNumber: fromSequence,
          doneNumbers: [],
          way: undefined,
        })
      }
      kept()
      follow(commandId)
    },
    nudge() {
      for (const { way } of states.values()) way?.nudge()
    },
    seal: states.seal,
    close() {
      closed = true
      forget()
      for (const { way } of states.values()) way?.stop()
    },
  }
}
