/** The operations of a shard that the task of one session may use. */
import type { ShardHandle } from '../ports.ts'
import type { InputQueue } from './input-queue.ts'
import type { PoisonIsolation } from './poison-isolation.ts'
import { isEnded, type Session } from './session.ts'
import type { ShardPauses } from './shard-pauses.ts'
import type { ShardTransactions } from './shard-transactions.ts'

export function handleOf(
  session: Session,
  shard: {
    role: string
    shard: number
    inputs: InputQueue
    isolation: PoisonIsolation
    pauses: ShardPauses
    transactions: ShardTransactions
    lease: { isHeld(): boolean }
    end(session: Session, error: unknown): void
  },
): ShardHandle {
  const { role, shard: number, inputs, isolation, pauses, transactions, lease, end } = shard
  return {
    role,
    shard: number,
    write(records, flushNow = false) {
      if (!isEnded(session)) transactions.write(session, records, flushNow)
    },
    assign: (topic, partition, from, known) => {
      if (!isEnded(session)) inputs.assign(topic, partition, from, known)
    },
    position: (topic, partition) => inputs.position(topic, partition),
    unassign(topic, partition) {
      isolation.forget(topic, partition)
      inputs.unassign(topic, partition)
      pauses.unassigned(topic)
    },
    offer(topic, partition, records) {
      if (isEnded(session)) return
      inputs.offer(topic, partition, records)
      transactions.schedule()
    },
    pause: (topic, partition, left) => inputs.hold(topic, partition, left),
    resume(topic, partition) {
      inputs.release(topic, partition)
      transactions.schedule()
    },
    unavailable: pauses.unavailable,
    pausedTopics: pauses.paused,
    isHeld: () => !isEnded(session) && lease.isHeld(),
    uncommittedForMs: () => transactions.uncommittedForMs(session),
    fail: error => end(session, error),
  }
}
