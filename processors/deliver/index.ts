/**
 * `deliver`: notifications, and deliveries, deliveries.retry-* → audit.attempts | deliveries.retry-* | deliveries.dead-letter. One signed
 * HTTP request per attempt; its result, the records that follow from it and the position commit in one Kafka
 * transaction (the runtime's, `src/kafka/runtime/shard.ts`). An attempt is (delivery, number), so only a request that
 * is in flight in a crash can be made again.
 */
import type { Processor } from '../../src/kafka/ports.ts'
import { createReadTurns } from '../../src/replay/ways/read-turns.ts'
import { deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../topics/delivery-state.ts'
import { notificationState } from '../../topics/notification-state.ts'
import { createAttempts } from './attempt.ts'
import type { DeliverDependencies } from './dependencies.ts'
import { createDispatcher } from './dispatch/dispatcher.ts'
import { createMemoryBudget } from './dispatch/memory-budget.ts'
import { DELIVER_LIMITS } from './limits.ts'
import { createFigures } from './metrics.ts'
import { createOutbox } from './notify/outbox.ts'
import { openShard } from './open-shard.ts'
import type { Shared } from './shard-parts.ts'

export type { DeliverDependencies } from './dependencies.ts'

/**
 * Results wait this long for others: the request has been answered by then, and nothing waits for its row. A crash
 * repeats requests answered within this time, besides those in flight. With 5 ms, a broker with 200 events a second
 * spent a sixth of a core more on transactions.
 */
const COMMIT_PACE_MS = 25

export function createDeliver(deps: DeliverDependencies): Processor {
  const limits = { ...DELIVER_LIMITS, ...deps.limits }
  const shared: Shared = {
    limits,
    budget: createMemoryBudget(limits),
    dispatcher: createDispatcher({ view: deps.view, limits }),
    attempts: createAttempts(deps),
    turns: createReadTurns(deps),
    outbox: createOutbox(),
    replayTurns: createReadTurns(deps),
    watched: new Set(),
  }
  deps.watch?.(createFigures(shared.budget, shared.watched))
  return {
    role: 'deliver',
    stateTopics: [deliveryState.name, deliveryCatchUps.name, notificationState.name],
    commitPaceMs: COMMIT_PACE_MS,
    actsOutside: true,
    open: handle => openShard(handle, deps, shared),
  }
}
