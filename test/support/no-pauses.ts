/** The part of a shard's handle that is for roles which pause organizations, for handles of others. */
import type { ShardHandle } from '../../src/kafka/ports.ts'

export const NO_PAUSES: Pick<ShardHandle, 'offer' | 'unavailable' | 'pausedTopics'> = {
  offer: () => undefined,
  unavailable: () => undefined,
  pausedTopics: () => [],
}
