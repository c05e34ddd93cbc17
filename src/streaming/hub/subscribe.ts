/** From a question to a reader: its log, where it starts, and the first frames of its connection. */
import type { Clock } from '../../clock.ts'
import { KafkaError } from '../../kafka/protocol/wire.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Cursors, Position } from '../cursor.ts'
import type { Log, LogGap, Resume } from '../resume.ts'
import type { Selection } from '../selection.ts'
import { logOf } from '../streaming.ts'
import type { Frames } from './frames.ts'
import type { StreamHub } from './hub-calls.ts'
import type { Lease, Logs } from './logs.ts'
import type { Connection, EndReason, Reader, Subscriber } from './ports.ts'
import { createReader } from './reader.ts'

export interface Question {
  selection: Selection
  /** `latest`, `earliest`, a time or a cursor, and the parameter that it came by. */
  from: { text: string; path: string }
  until: string | undefined
  onExpired: 'fail' | 'continue'
  /** Events without acknowledgement, on a WebSocket. */
  window?: number | undefined
}

export interface Subscription {
  start(connection: Connection, how: Delivery): Reader
  release(): void
}

export interface Delivery {
  frames: Frames
  /** Equal for readers with equal frames at the same place. */
  frameKey: string
  /** `~<tag>` behind the cursors of a token's stream. */
  tag: string
  positionMs: number
  /** Further members of `ready`. */
  facts: Record<string, unknown>
  /** For `ready`, in SSE. */
  retryMs?: number
  onEnd(reader: Reader, reason: EndReason, facts?: Record<string, unknown>): void
}

/** Throws what the caller of a stream gets: 400, 410, 429 or 503. */
export type Subscribe = (subscriber: Subscriber, question: Question) => Promise<Subscription>

export function createSubscribe(deps: {
  logs: Logs
  resume: Resume
  cursors: Cursors
  hub: Pick<StreamHub, 'limitsOf' | 'changed'>
  clock: Clock
  logger: Logger
}): Subscribe {
  const { logs, resume, cursors } = deps

  /** A place that retention has passed, and what is lost, for a reader that goes on all the same. */
  async function startOf(log: Log, { from, onExpired }: Question): Promise<{ start: Position; gap?: LogGap }> {
    try {
      return { start: await resume.start(log, from.text, from.path) }
    } catch (error) {
      if (onExpired !== 'continue' || !isExpired(error)) throw error
      const gap = await resume.gap(log, cursors.read(log, from.text))
      return { start: gap.position, gap }
    }
  }

  /** `ready` with the effective place; then what is lost before it. */
  function writeFirst(reader: Reader, lease: Lease, question: Question, how: Delivery, gap: LogGap | undefined): void {
    const { frames, tag, facts: more, retryMs } = how
    const { connection } = reader
    const { organizationId, environment } = connection.subscriber
    const types = question.selection.selectors
    const facts = { types, environment, limits: deps.hub.limitsOf(organizationId), ...more }
    const retry = retryMs === undefined ? {} : { retryMs }
    connection.notice(frames.notice({ type: 'ready', cursor: reader.cursor(), facts, ...retry }))
    if (gap === undefined) return
    const { offsets, sequence } = gap.position
    const earliestCursor = lease.followed.cursorAt(offsets.map(Number), sequence) + tag
    const lost = { earliestCursor, lostEvents: gap.lostEvents }
    connection.notice(frames.notice({ type: 'gap', cursor: earliestCursor, facts: lost }))
  }

  return async (subscriber, question) => {
    const log = logOf(subscriber)
    const until = question.until === undefined ? undefined : resume.limit(log, question.until, 'until')
    const lease = await logs.acquire(log, question.selection).catch(unavailable)
    try {
      const { start, gap } = await startOf(log, question).catch(unavailable)
      // The log has more partitions than the control plane has said so far.
      if (start.offsets.length > lease.followed.offsets.length) lease.followed.grow(start.offsets.length)
      return {
        release: lease.release,
        start(connection, how) {
          const reader = createReader({
            ...{ followed: lease.followed, connection, question: question.selection },
            ...{ frames: how.frames, frameKey: how.frameKey, tag: how.tag, positionMs: how.positionMs },
            ...{ start, until, onExpired: question.onExpired, window: question.window, resume },
            ...{ clock: deps.clock, logger: deps.logger },
            onEnd: (reason, facts) => how.onEnd(reader, reason, facts),
            onClosed: lease.release,
          })
          connection.readers.add(reader)
          deps.hub.changed(subscriber.organizationId)
          writeFirst(reader, lease, question, how, gap)
          reader.wake()
          return reader
        },
      }
    } catch (error) {
      lease.release()
      throw error
    }
  }
}

const isExpired = (error: unknown): boolean =>
  error instanceof ClarionError && error.code === 'cursor_expired' && error.facts?.reason !== 'ahead'

/** The broker is away: nothing is known about the place yet. */
function unavailable(error: unknown): never {
  if (!(error instanceof KafkaError)) throw error
  throw new ClarionError('service_unavailable', 'The log cannot be read now: retry later.', {
    retryAfterS: 1,
    cause: error,
  })
}
