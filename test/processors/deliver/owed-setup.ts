/** Two webhooks and their deliveries, for tests of what webhooks are owed: on a broker in memory. */
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { createMemoryShard, type MemoryShard, type MemoryShardOptions } from './memory-shard.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export async function started(options: MemoryShardOptions = {}) {
  const shard = createMemoryShard(options)
  shard.webhook('wh_a', {})
  shard.webhook('wh_b', {})
  shard.open()
  await shard.settle()
  return shard
}

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

export const emit = (shard: MemoryShard, count: number, ...facts: Parameters<MemoryShard['emit']>) =>
  times(count, () => shard.emit(...facts))

/** The numbers of the events that a webhook was sent. */
export const numbersOf = ({ requests }: MemoryShard, webhookId: string) =>
  requests.filter(each => each.webhookId === webhookId).map(({ sequence }) => sequence)

const lastRows = ({ rows }: MemoryShard, webhookId: string) =>
  rows.filter(row => row.webhookId === webhookId && row.state !== 'retrying')

export const endsOf = (shard: MemoryShard, webhookId: string) =>
  lastRows(shard, webhookId).map(({ sequence, state }) => [sequence, state] as const)

/** Such as `3 failed outside_retention`. */
export const endsWithReasons = (shard: MemoryShard, webhookId: string) =>
  lastRows(shard, webhookId).map(({ sequence, state, reason }) => `${sequence} ${state} ${reason ?? ''}`.trim())

/** Records that were written into retry topics. */
export const retries = ({ written }: MemoryShard) =>
  RETRY_TIERS.reduce((sum, tier) => sum + (written.byTopic.get(tier.topic.name) ?? 0), 0)
