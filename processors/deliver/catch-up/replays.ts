/**
 * Replays and recoveries for one webhook: events of a stretch of time in the log are delivered again under new delivery
 * ids, at a rate of their own. The control plane says which replays run; their progress is state of the shard, so that
 * a killed one goes on from there.
 */
import type { Clock } from '../../../src/clock.ts'
import { createSelectorIndex } from '../../../src/events/selector.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { isLifecycleType } from '../../../src/model/names.ts'
import type { Replay, Webhook } from '../../../src/model/records.ts'
import { createChangelogTable } from '../../../src/replay/ways/changelog-table.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import type { Subscribes } from '../../../src/replay/ways/subscriptions.ts'
import { type Candidate, type CatchUp, createCatchUp } from '../../../src/replay/ways/way.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import { catchUpKeys, type ReplayState, replayStateCodec } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'

/** Records of one partition are not exactly in the order of their times: platform emits come through another topic. */
const TIME_SLACK_MS = 60_000

export interface ReplayPorts {
  log: LogSource
  clock: Clock
  logger: Logger
  view: ControlView
  subscribes: Subscribes
  /** Whether the webhook is owed something that goes first. */
  isWaiting(webhookId: string): boolean
  /** Into the engine; calls back after the first attempt, or when the delivery has ended otherwise. */
  take(record: RetryRecord, left: () => void): void
  /** There is state to commit. */
  changed(): void
  fail(error: Error): void
  /** Whether this shard is responsible for the organization. */
  isOurs(organizationId: string): boolean
  /** Those of these events that the webhook has received with success, and when first. From the history. */
  delivered(replay: Replay, eventIds: string[]): Promise<ReadonlyMap<string, number>>
  /** Into the control plane; repeated until the view shows it. */
  ended(
    replay: Replay,
    state: 'completed' | 'cancelled' | 'failed',
    progress: { matched: number; skipped: number },
  ): Promise<void>
}

export interface Replays {
  restore(replayId: string, value: Buffer | null): void
  start(): void
  /** Checks again whether they may go on. */
  nudge(): void
  seal(partition: number): OutRecord[]
  close(): void
}

interface Running extends ReplayState {
  way: CatchUp | undefined
  cancelled: boolean
}

const UNDER_WAY: ReadonlySet<Replay['state']> = new Set(['pending', 'running', 'paused', 'cancelling'])

export function createReplays(ports: ReplayPorts): Replays {
  const { view, clock } = ports
  const states = createChangelogTable<Running>({
    keyOf: catchUpKeys.ofReplay,
    encode: ({ way, cancelled: _cancelled, ...state }) => replayStateCodec.encode({ ...state, ...way?.position() }),
    onChange: () => ports.changed(),
  })
  let forget: () => void = () => undefined
  let closed = false

  function follow(organizationId: string, replayId: string): void {
    if (closed || !ports.isOurs(organizationId)) return
    const replay = view.find('replay', organizationId, replayId)
    const known = states.get(replayId)
    if (!replay || !UNDER_WAY.has(replay.state)) {
      if (known) drop(replayId, known)
      return
    }
    const position = { cursors: [], nextNumber: -1, doneNumbers: [] }
    const state = known ?? { organizationId, ...position, matched: 0, skipped: 0, way: undefined, cancelled: false }
    if (!known) states.set(replayId, state)
    state.cancelled = replay.state === 'cancelling'
    if (state.cancelled) state.way?.stop()
    else state.way?.nudge()
    if (!state.way) run(replay, state).catch(error => ports.fail(error as Error))
  }

  function drop(replayId: string, state: Running): void {
    state.way?.stop()
    states.end(replayId)
  }

  async function run(replay: Replay, state: Running): Promise<void> {
    const { organizationId, id, webhookId } = replay
    const fromMs = Date.parse(replay.from)
    const toMs = Date.parse(replay.to)
    const webhook = () => view.find('webhook', organizationId, webhookId)
    const now = () => view.find('replay', organizationId, id)
    state.way = createCatchUp({
      ...ports,
      position: state,
      stretch: {
        topic: events.nameFor(organizationId, replay.environment),
        organizationId,
        completeAtMs: toMs,
        begins: event => event.recordedAtMs >= fromMs - TIME_SLACK_MS,
        ends: event => event.recordedAtMs >= toMs + TIME_SLACK_MS,
        choose: batch => choose(replay, state, webhook(), batch, fromMs, toMs),
      },
      ratePerSecond: replay.ratePerSecond,
      inFlightMax: () => webhook()?.maxInFlight ?? 1,
      halted: () => now()?.state === 'paused' || (webhook()?.active === true && ports.isWaiting(webhookId)),
      deliver({ event, payload, originalDeliveredAtMs = null }, left) {
        state.matched++
        const dueAtMs = Math.round(clock.nowMs())
        const delivery = {
          event,
          payload,
          webhookId,
          deliveryId: deliveryId(event.eventId, webhookId, id),
          attempts: 0,
          dueAtMs,
        }
        ports.take(
          { ...delivery, trigger: 'replay', replayId: id, originalDeliveredAtMs, once: false, createdAtMs: dueAtMs },
          left,
        )
      },
      moved: () => states.touch(id),
    })
    if (!state.cancelled) await state.way.pass()
    if (closed || states.get(id) !== state) return
    await end(replay, state)
  }

  /**
   * In the range, selected, and not yet delivered if the replay is a recovery; events for a paused webhook are skipped.
   */
  async function choose(
    replay: Replay,
    state: Running,
    webhook: Webhook | undefined,
    batch: Candidate[],
    fromMs: number,
    toMs: number,
  ) {
    const selected = batch.filter(({ event, payload }) => {
      if (event.recordedAtMs < fromMs || event.recordedAtMs >= toMs || !webhook) return false
      return selects(replay, webhook, event, payload)
    })
    const eventIds = selected.map(({ event }) => event.eventId)
    const delivered = await ports.delivered(replay, eventIds)
    const left = replay.matchedMax === null ? undefined : Math.max(0, replay.matchedMax - state.matched)
    const chosen = selected.filter(({ event }) => !(replay.onlyFailed && delivered.has(event.eventId))).slice(0, left)
    if (webhook?.active)
      return chosen.map(each => ({ ...each, originalDeliveredAtMs: delivered.get(each.event.eventId) ?? null }))
    state.matched += chosen.length
    state.skipped += chosen.length
    return []
  }

  function selects(replay: Replay, webhook: Webhook, event: EventFacts, payload: Buffer): boolean {
    if (replay.selectors.length === 0) return !isLifecycleType(event.type) && ports.subscribes(webhook, event, payload)
    return createSelectorIndex([{ selectors: replay.selectors, value: true }]).match(event).length > 0
  }

  async function end(replay: Replay, state: Running): Promise<void> {
    const outcome = state.cancelled
      ? 'cancelled'
      : view.find('webhook', replay.organizationId, replay.webhookId)
        ? 'completed'
        : 'failed'
    while (!closed && states.get(replay.id) === state) {
      try {
        await ports.ended(replay, outcome, { matched: state.matched, skipped: state.skipped })
        return
      } catch (error) {
        ports.logger.warn(
          { replay: replay.id, error: String(error) },
          'the end of a replay could not be written; trying again',
        )
        await clock.sleep(1_000)
      }
    }
  }

  return {
    restore(replayId, value) {
      states.restore(
        replayId,
        value ? { ...replayStateCodec.decode(value), way: undefined, cancelled: false } : undefined,
      )
    },
    start() {
      forget = view.onChange((kind, organizationId, id) => {
        if (kind === 'replay') follow(organizationId, id)
      })
      for (const id of states.ids()) follow(states.get(id)!.organizationId, id)
      for (const { id: organizationId } of view.organizations()) {
        if (ports.isOurs(organizationId))
          for (const { id } of view.list('replay', organizationId)) follow(organizationId, id)
      }
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
