/** How far a shard's inputs have been settled: state of the transaction that settles them. */
import type { KnownPosition, OutRecord, ShardHandle } from '../ports.ts'

/** Everything of an input before `nextOffset` has been settled. */
export interface StoredPosition {
  nextOffset: number
  topicId: string | null
  leaderEpoch?: number
}

export interface Positions {
  restore(topic: string, value: Buffer | null): void
  from(topic: string): number | 'earliest'
  known(topic: string): KnownPosition | undefined
  advance(topic: string, nextOffset: number): void
  seal(): OutRecord[]
}

/** `stateTopic`: where positions are kept, under `key`. */
export function createPositions(
  handle: Pick<ShardHandle, 'shard' | 'position'>,
  stored: {
    stateTopic: string
    key: (topic: string) => string
    codec: { encode(position: StoredPosition): Buffer; decode(bytes: Buffer): StoredPosition }
  },
): Positions {
  const positions = new Map<string, StoredPosition>()
  const changed = new Set<string>()

  return {
    restore(topic, value) {
      if (value === null) positions.delete(topic)
      else positions.set(topic, stored.codec.decode(value))
    },
    from: topic => positions.get(topic)?.nextOffset ?? 'earliest',
    known(topic) {
      const position = positions.get(topic)
      if (position === undefined) return undefined
      const { topicId, leaderEpoch = -1 } = position
      return { leaderEpoch, ...(topicId === null ? {} : { topicId }) }
    },
    advance(topic, nextOffset) {
      const { topicId = null, leaderEpoch = -1 } = handle.position(topic, handle.shard) ?? {}
      positions.set(topic, { nextOffset, topicId, leaderEpoch })
      changed.add(topic)
    },
    seal() {
      const records = [...changed].map(topic => ({
        ...{ topic: stored.stateTopic, partition: handle.shard, key: stored.key(topic) },
        value: stored.codec.encode(positions.get(topic)!),
      }))
      changed.clear()
      return records
    },
  }
}
