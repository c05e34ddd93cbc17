/** Webhooks and a log for tests of replays, on a broker in memory. */
import { createMemoryShard, type MemoryShard } from './memory-shard.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))
export const replayed = ({ rows }: MemoryShard, webhookId: string, replayId: string) =>
  rows
    .filter(row => row.webhookId === webhookId && row.replayId === replayId && row.state !== 'retrying')
    .map(({ sequence, state }) => [sequence, state] as const)
export const itemsOf = ({ items }: MemoryShard, targetId: string) =>
  items.filter(item => item.targetId === targetId).map(({ sequence, outcome, reason }) => [sequence, outcome, reason])
export const toWebhooks = (...ids: string[]) => ids.map(id => ({ kind: 'webhook' as const, id }))

export async function started(options: Parameters<typeof createMemoryShard>[0] = {}) {
  const shard = createMemoryShard(options)
  for (const id of ['wh_a', 'wh_b', 'wh_c']) shard.webhook(id, {})
  shard.open()
  await shard.settle()
  return shard
}

/** Events in the log alone, and time for the range to be over. */
export async function logged(
  shard: MemoryShard,
  count: number,
  subject: (at: number) => string | null = at => 'abcdefgh'[at % 8]!,
) {
  const events = times(count, at => shard.emit([], { subject: subject(at) }))
  await shard.advance(SECOND)
  return events
}
