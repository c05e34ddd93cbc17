/** The log of one organization in memory, as `queue` reads and follows it. */
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { Follower } from '../../../src/streaming/tail.ts'

export function createMemoryLog(events: LogRecord[], followers: Set<Follower>, isReadable: () => boolean) {
  return {
    cache: {
      async read(_topic: string, _partition: number, offset: bigint) {
        if (!isReadable()) throw new Error('the log is away')
        const end = BigInt(events.length)
        return { records: events.slice(Number(offset)), nextOffset: end, stableEnd: end }
      },
      bytes: 0,
      close: () => undefined,
    },
    tail: {
      follow(_topic: string, _offsets: readonly bigint[], follower: Follower) {
        followers.add(follower)
        return {
          positions: () => [BigInt(events.length)],
          grow: () => undefined,
          stop: () => void followers.delete(follower),
        }
      },
      awake: 0,
      close: async () => undefined,
    },
    pages: { bounds: async () => [{ earliest: 0n, stableEnd: BigInt(events.length) }] },
  }
}
