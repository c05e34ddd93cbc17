/** One shard of `deliver`: its parts, and how the runtime drives them. */
import type { Timer } from '../../src/clock.ts'
import type { LogRecord, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { RETRY_TIERS } from '../../topics/deliveries-retry.ts'
import { createForgetting } from './deleted-organizations.ts'
import type { DeliverDependencies } from './dependencies.ts'
import { createGuard } from './guard.ts'
import type { Cancellation } from './inputs/cancellation.ts'
import { createWatched } from './metrics.ts'
import { createRestoreState } from './restore-state.ts'
import { createShardInputs } from './shard-inputs.ts'
import {
  type Context,
  createEngine,
  createOutcomeParts,
  createShardNotify,
  createStateParts,
  type OutcomeParts,
  type Shared,
  type StateParts,
} from './shard-parts.ts'
import { createWake } from './wake.ts'

export function openShard(handle: ShardHandle, deps: DeliverDependencies, shared: Shared): ShardTask {
  const { budget, dispatcher, watched, limits } = shared
  const { clock, view, logger } = deps
  const { shards } = deps.catchUp

  const guard = createGuard(handle, () => dispatcher.pump())
  const wake = createWake(guard.run)
  const context: Context = { handle, deps, shared, wake, guarded: guard.run }
  const state = createStateParts(context)
  const outcome = createOutcomeParts(context, state)
  const engine = createEngine(context, state, outcome, () => inputs.cancellation)
  const notify = createShardNotify(context, state, outcome)
  const inputs = createShardInputs(context, { state, outcome, engine, notify })
  const { shard, owing, bulk, replays, redrives } = engine
  const { progressOf, isReadAgain, states, events, failedBlocks, lanes, manualRetries } = state
  const { announce } = outcome
  const { cancellation } = inputs
  wake.connect({
    turn: shard.turn,
    space() {
      inputs.goOn()
      owing.nudge()
    },
  })

  const forgetWebhooks = followWebhooks(context, state, outcome, cancellation)
  const forgetting = createForgetting({ handle, view, shards, clock, events, failedBlocks, lanes, states })
  const stopListening = budget.onFree(wake.space)
  const seen = createWatched({
    inputs: [deliveries, ...RETRY_TIERS.map(tier => tier.topic)].map(({ name }) => progressOf(name)),
    partition: handle.shard,
    count: stages => shard.count(stages),
    owed: () => states.ranges(),
    oldestAtMs: inputs.oldestAtMs,
  })

  function stop(): void {
    guard.stop()
    watched.delete(seen)
    bulk.close()
    owing.close()
    replays.close()
    redrives.close()
    sweeping?.cancel()
    stopListening()
    forgetWebhooks()
    forgetting.close()
    inputs.close()
    announce.close()
  }

  /** Also runs while nothing arrives and nothing commits. */
  let sweeping: Timer | undefined
  function sweepSoon(): void {
    sweeping = clock.after(limits.waitingMsMax / 8, () => {
      guard.run(() => {
        shard.sweep()
        forgetting.sweep()
        notify.sweep()
      })
      if (!guard.isStopped()) sweepSoon()
    })
  }

  /**
   * The records not read yet. Where the topic was made anew or its log was cut, deliveries read from it before continue
   * without their record.
   */
  function unreadOf(topic: string, records: LogRecord[]): LogRecord[] {
    const progress = progressOf(topic)
    const from = progress.follow(records, handle.position(topic, handle.shard))
    if (from !== undefined) turnedBack(topic, from)
    return records[0]!.offset >= progress.nextOffset()
      ? records
      : records.filter(({ offset }) => offset >= progress.nextOffset())
  }

  function turnedBack(topic: string, from: number): void {
    // Absorbed events without a record are in no other place than their range.
    owing.flush()
    const moved = shard.rescue() + inputs.rescue(topic)
    if (topic === deliveries.name) lanes.turnedBack(from)
    handle.write([])
    logger.error(
      { topic, partition: handle.shard, from, moved },
      'the log differs from here on; deliveries already read from it continue',
    )
  }

  return {
    restore: createRestoreState({ ...state, announce, replays, redrives, notify }),
    start() {
      watched.add(seen)
      for (const [topic, progress] of state.inputs)
        handle.assign(topic, handle.shard, progress.position() ?? 'earliest', progress.known())
      owing.start()
      bulk.start()
      replays.start()
      redrives.start()
      announce.start()
      notify.start()
      forgetting.start()
      sweepSoon()
    },
    receive(records, nextOffset) {
      const topic = records[0]?.topic
      if (topic === undefined) return
      const wasReadAgain = isReadAgain()
      inputs.receive(topic, unreadOf(topic, records), nextOffset)
      lanes.read()
      shard.sweep()
      if (!wasReadAgain && isReadAgain()) {
        owing.nudge()
        bulk.nudge()
      }
      dispatcher.pump()
    },
    seal() {
      cancellation.sealed()
      const positions = [...state.inputs.values()].flatMap(progress => progress.seal(handle.shard))
      return [
        ...shard.seal(),
        ...events.seal(handle.shard),
        ...failedBlocks.seal(handle.shard),
        ...lanes.seal(handle.shard),
        ...announce.seal(handle.shard),
        ...notify.seal(handle.shard),
        ...manualRetries.seal(handle.shard),
        ...owing.seal(handle.shard),
        ...replays.seal(handle.shard),
        ...redrives.seal(handle.shard),
        ...positions,
      ]
    },
    committed() {
      cancellation.committed()
      announce.committed()
      notify.committed()
      lanes.committed()
      shard.committed()
      owing.committed()
      shard.sweep()
      dispatcher.pump()
    },
    async drain() {
      owing.flush()
      stop()
      await Promise.all([shard.drain(), notify.drain()])
    },
    close() {
      stop()
      notify.close()
      shard.close()
    },
  }
}

/** Cancels the deliveries of a deleted webhook, and lets the lanes of a changed one check again. */
function followWebhooks(
  { handle, deps, guarded }: Context,
  { lanes, states }: StateParts,
  { announce }: OutcomeParts,
  cancellation: Cancellation,
): () => void {
  const { view } = deps
  return view.onChange((kind, organizationId, id) => {
    if (kind !== 'webhook' || shardOf(organizationId, deps.catchUp.shards) !== handle.shard) return
    if (view.find('webhook', organizationId, id)) {
      lanes.changed(id)
      return
    }
    const deleted = view.organization(organizationId)?.status === 'deleted'
    announce.forget(id)
    states.forget(id)
    guarded(() => cancellation.webhook(id, deleted ? 'organization_deleted' : 'webhook_deleted'))
  })
}
