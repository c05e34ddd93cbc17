/** How far the shard's inputs have been settled: state of the transaction that settles them. */
import type { KnownPosition, OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { type RunPosition, runPositionCodec, runState, runStateKeys } from '../../topics/run-state.ts'

export interface Positions {
  restore(topic: string, value: Buffer | null): void
  from(topic: string): number | 'earliest'
  known(topic: string): KnownPosition | undefined
  advance(topic: string, nextOffset: number): void
  seal(): OutRecord[]
}

export function createPositions(handle: ShardHandle): Positions {
  const positions = new Map<string, RunPosition>()
  const changed = new Set<string>()

  return {
    restore(topic, value) {
      if (value === null) positions.delete(topic)
      else positions.set(topic, runPositionCodec.decode(value))
    },
    from: topic => positions.get(topic)?.nextOffset ?? 'earliest',
    known(topic) {
      const position = positions.get(topic)
      if (position === undefined) return undefined
      const { topicId, leaderEpoch } = position
      return { leaderEpoch, ...(topicId === null ? {} : { topicId }) }
    },
    advance(topic, nextOffset) {
      const known = handle.position(topic, handle.shard)
      const { topicId = null, leaderEpoch = -1 } = known ?? {}
      positions.set(topic, { nextOffset, topicId, leaderEpoch })
      changed.add(topic)
    },
    seal() {
      const records = [...changed].map(topic => ({
        ...{ topic: runState.name, partition: handle.shard, key: runStateKeys.position(topic) },
        value: runPositionCodec.encode(positions.get(topic)!),
      }))
      changed.clear()
      return records
    },
  }
}
