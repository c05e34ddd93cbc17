/** Streams of events, which reconnect by themselves and go on behind the last event that was finished. */
import { LONGEST_AWAY_MS, pauseMs } from '../backoff.ts'
import { type Clock, type Random, sleep } from '../clock.ts'
import { onAbort } from '../on-abort.ts'
import { ClarionApiError, ClarionConnectionError, ClarionStreamError } from './errors.ts'
import { readAnswer, USER_AGENT, unreachable, urlOf } from './exchange.ts'
import { lines } from './lines.ts'
import type { StoredEvent } from './types-reading.ts'
import type { EventStream, PlaceStore, StreamOptions, StreamQuery } from './types-streams.ts'

export interface StreamSettings {
  baseUrl: string
  apiKey: string
  fetch: typeof fetch
  clock: Clock
  random: Random
}

/** The platform writes every 15 s. */
const SILENT_MS = 45_000

interface Line {
  type: 'ready' | 'event' | 'position' | 'gap' | 'end'
  cursor: string
  event?: StoredEvent
  reason?: string
  retryMs?: number
  earliestCursor?: string
  lostEvents?: number | null
}

/** After these a client connects again at its place. */
const PASSING_ENDS: ReadonlySet<string> = new Set(['server_drain', 'slow_consumer'])

export function createStream(settings: StreamSettings) {
  const { clock, random } = settings

  return (query: StreamQuery, options: StreamOptions = {}): EventStream => {
    const { signal, place } = options
    let cursor: string | undefined
    let failures = 0
    let hasOpened = false
    /** The event that the caller has at hand. */
    let atHand: Line | undefined

    async function* read(): AsyncGenerator<StoredEvent, undefined, undefined> {
      cursor = await place?.load()
      for (;;) {
        let retryMs: number | undefined
        try {
          for await (const line of open(settings, parametersOf(query, cursor), signal)) {
            failures = 0
            hasOpened = true
            if (line.type === 'event') {
              atHand = line
              yield line.event!
            }
            if (line.type === 'end' && line.reason === 'until_reached') return
            if (line.type === 'end' && !PASSING_ENDS.has(line.reason!))
              throw new ClarionStreamError(line.reason!, line.cursor)
            if (line.type === 'end') retryMs = line.retryMs
            await passTo(line)
          }
        } catch (error) {
          signal?.throwIfAborted()
          if (!mayPass(error, hasOpened)) throw error
          await waitAfter(error as Error)
          continue
        }
        if (retryMs === undefined) await waitAfter(new Error('The stream was cut.'))
        else await sleep(clock, retryMs, signal)
      }
    }

    /** The caller has finished the lines before this one. */
    async function passTo(line: Line): Promise<void> {
      if (line.type === 'ready') options.onOpen?.(line.cursor)
      if (line.type === 'gap')
        options.onGap?.({ earliestCursor: line.earliestCursor!, lostEvents: line.lostEvents ?? null })
      if (line.cursor === cursor) return
      cursor = line.cursor
      await place?.save(cursor)
    }

    async function waitAfter(error: Error): Promise<void> {
      const wantedMs = error instanceof ClarionApiError ? (error.retryAfterS ?? 0) * 1_000 : 0
      const waitMs = Math.max(wantedMs, pauseMs(++failures, random, LONGEST_AWAY_MS))
      options.onAway?.(error, waitMs)
      await sleep(clock, waitMs, signal)
    }

    const events = read()
    return {
      get cursor() {
        return cursor
      },
      async commit() {
        if (atHand !== undefined) await passTo(atHand)
      },
      next: () => events.next(),
      return: () => events.return(undefined),
      throw: error => events.throw(error),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

/** The stream that was cut counts until the platform has noticed: half a minute after a process of it was killed. */
const mayPass = (error: unknown, hasOpened: boolean): boolean =>
  error instanceof ClarionConnectionError ||
  (error instanceof ClarionApiError &&
    (error.status >= 500 || PASSING_CODES.has(error.code) || (hasOpened && error.code === 'stream_limit_exceeded')))

const PASSING_CODES: ReadonlySet<string> = new Set(['rate_limited', 'unexpected_answer'])

function parametersOf({ types, filter, from, ...query }: StreamQuery, cursor: string | undefined): object {
  return {
    ...query,
    types: typeof types === 'string' ? types : types.join(','),
    filter: filter === undefined || typeof filter === 'string' ? filter : JSON.stringify(filter),
    from: cursor ?? from,
  }
}

/** The lines of one connection. Throws `ClarionApiError` and `ClarionConnectionError`. */
async function* open(
  settings: StreamSettings,
  query: object,
  signal: AbortSignal | undefined,
): AsyncGenerator<Line, undefined, undefined> {
  const { clock, baseUrl, apiKey } = settings
  const controller = new AbortController()
  const abort = () => controller.abort(signal?.reason)
  signal?.throwIfAborted()
  const ignore = onAbort(signal, abort)
  // A machine that has slept, or a peer that is gone without a word: silence, counted while the caller waits.
  const watch = () => clock.after(SILENT_MS, abort)
  const opening = watch()
  try {
    const { fetch } = settings
    const response = await fetch(urlOf(baseUrl, { method: 'GET', path: '/events/stream', query }), {
      method: 'GET',
      headers: { authorization: `Bearer ${apiKey}`, accept: 'application/x-ndjson', 'user-agent': USER_AGENT },
      // A redirect would carry the key to another server.
      redirect: 'manual',
      signal: controller.signal,
    }).finally(opening.cancel)
    if (!response.ok || response.body === null) readAnswer(response, await response.text(), clock)
    else yield* lines<Line>(response.body, watch)
  } catch (error) {
    if (error instanceof ClarionApiError) throw error
    signal?.throwIfAborted()
    throw unreachable(baseUrl, error)
  } finally {
    ignore()
    controller.abort()
  }
}

/** Keeps the place in memory: what a process starts with, and what it has come to. */
export function memoryPlace(cursor?: string): PlaceStore & { readonly cursor: string | undefined } {
  let kept = cursor
  return {
    load: () => kept,
    save(next) {
      kept = next
    },
    get cursor() {
      return kept
    },
  }
}
