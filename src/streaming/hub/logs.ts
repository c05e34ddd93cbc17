/** The logs that have readers in this process, and how many distinct filters each of them has. */
import type { Clock, Timer } from '../../clock.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Cursors } from '../cursor.ts'
import type { PageCache } from '../page-cache.ts'
import type { Log } from '../resume.ts'
import type { Selection } from '../selection.ts'
import type { StrictPages } from '../strict-pages.ts'
import type { Tail } from '../tail.ts'
import { followLog } from './followed-log.ts'
import type { Connection, FollowedLog } from './ports.ts'
import { createRings } from './ring.ts'

export const FILTERS_MAX = 20
/** A client that reconnects finds the newest events at hand. */
const LET_GO_AFTER_MS = 30_000

export interface Lease {
  readonly followed: FollowedLog
  release(): void
}

export interface Logs {
  /**
   * The log, for one reader. Throws `stream_limit_exceeded` for a filter too many, and `KafkaError` while the log
   * cannot be read.
   */
  acquire(log: Log, question: Selection): Promise<Lease>
  /** The organization has more partitions now. */
  grow(organizationId: string): void
  readonly bytes: number
  close(): void
}

interface Held {
  followed: Promise<FollowedLog>
  readers: number
  /** Readers by filter. */
  filters: Map<string, number>
  /** Nobody reads it now. */
  idle: Timer | undefined
}

export function createLogs(deps: {
  view: Pick<ControlView, 'organization'>
  tail: Tail
  strictPages: Pick<StrictPages, 'bounds'>
  pages: PageCache
  cursors: Cursors
  clock: Clock
  onRecord(timestampMs: number): void
  onFault(connection: Connection, error: unknown): void
}): Logs {
  const held = new Map<string, Held>()
  const rings = createRings()

  async function open(log: Log): Promise<FollowedLog> {
    const partitions = deps.view.organization(log.organizationId)?.partitions ?? 1
    const bounds = await deps.strictPages.bounds(log.topic, partitions)
    return followLog({
      ...deps,
      log,
      ring: rings.of(log.topic),
      offsets: bounds.map(({ stableEnd }) => stableEnd),
      onRecord: record => deps.onRecord(record.timestampMs),
    })
  }

  function hold(log: Log): Held {
    const known = held.get(log.topic)
    known?.idle?.cancel()
    if (known !== undefined) return known
    const made: Held = { followed: open(log), readers: 0, filters: new Map(), idle: undefined }
    held.set(log.topic, made)
    return made
  }

  function release({ topic }: Log, of: Held, filterKey: string | undefined): void {
    if (filterKey !== undefined) count(of.filters, filterKey, -1)
    if (--of.readers > 0) return
    of.idle = deps.clock.after(LET_GO_AFTER_MS, () => letGo(topic, of))
  }

  function letGo(topic: string, of: Held): void {
    if (held.get(topic) === of) held.delete(topic)
    // A log that could not be opened has nothing to close.
    of.followed.then(
      followed => followed.close(),
      () => undefined,
    )
  }

  return {
    async acquire(log, { filterKey }) {
      const of = hold(log)
      if (filterKey !== undefined) refuseTooMany(of.filters, filterKey)
      of.readers++
      if (filterKey !== undefined) count(of.filters, filterKey, 1)
      let isReleased = false
      const releaseOnce = () => {
        if (isReleased) return
        isReleased = true
        release(log, of, filterKey)
      }
      try {
        return { followed: await of.followed, release: releaseOnce }
      } catch (error) {
        if (held.get(log.topic) === of) held.delete(log.topic)
        releaseOnce()
        throw error
      }
    },
    grow(organizationId) {
      const partitions = deps.view.organization(organizationId)?.partitions ?? 1
      for (const { followed } of held.values())
        followed.then(
          each => each.log.organizationId === organizationId && each.grow(partitions),
          () => undefined,
        )
    },
    get bytes() {
      return rings.bytes
    },
    close() {
      for (const [topic, of] of held) {
        of.idle?.cancel()
        letGo(topic, of)
      }
    },
  }
}

function refuseTooMany(filters: ReadonlyMap<string, number>, filterKey: string): void {
  if (filters.has(filterKey) || filters.size < FILTERS_MAX) return
  const message = `the streams of one log have at most ${FILTERS_MAX} distinct filters: use one of those, or select by types and subject`
  const details = [{ path: '/filter', rule: 'filters', message }]
  throw new ClarionError('stream_limit_exceeded', CODES.stream_limit_exceeded.meaning, { details })
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by
  if (now > 0) counts.set(key, now)
  else counts.delete(key)
}
