/** One connection to the stream of events, as NDJSON: `ready`, then events and positions, and an `end` with its reason. */

import type { Clock } from '../clock.ts'
import { BusError } from '../errors.ts'
import { linesOf } from './lines.ts'
import { isTransient, type Platform, refusalOf, request } from './platform.ts'

export interface Frame {
  type: string
  cursor: string | null
  event?: Envelope
  reason?: string
  lostEvents?: number | null
}

/** An event as the platform sends it; fields that a bus does not have are left out here. */
export interface Envelope {
  id: string
  type: string
  time: string
  subject: string | null
  data?: unknown
  /** The key may not read payloads. */
  withheld?: boolean
  organizationId: string
  actorId: string
  correlationId: string | null
}

export interface ConnectionSettings {
  platform: Platform
  types: readonly string[]
  /** A cursor, `latest` or `earliest`. */
  from: string
  client: string
  onExpired: 'fail' | 'continue'
  closing: AbortSignal
}

/** The platform sends a position every minute when there is no event: after so long without a byte the connection is dead. */
const SILENCE_MS = 150_000

/** After these the platform does not take the same client back. */
const FINAL_REASONS: Record<string, string> = {
  revoked: 'the key was deleted, has expired, or its organization was suspended',
  replaced: 'another client of the same name has connected',
  cursor_expired:
    'events that were not read are gone from the log; onExpired: "continue" goes on with the oldest one that is left',
}

export class Connection {
  readonly #frames: AsyncGenerator<Frame>
  readonly #abort: AbortController

  private constructor(frames: AsyncGenerator<Frame>, abort: AbortController) {
    this.#frames = frames
    this.#abort = abort
  }

  /** Throws `reading_refused` if trying again cannot help. */
  static async open(settings: ConnectionSettings): Promise<Connection> {
    const { platform, closing } = settings
    const abort = new AbortController()
    const stop = () => abort.abort(new Error('closing'))
    if (closing.aborted) stop()
    closing.addEventListener('abort', stop, { once: true })
    const silence = new Silence(platform.clock, () =>
      abort.abort(new Error(`nothing was sent for ${SILENCE_MS / 1_000} s`)),
    )
    abort.signal.addEventListener('abort', () => {
      silence.end()
      closing.removeEventListener('abort', stop)
    })
    const query = new URLSearchParams({
      types: settings.types.join(','),
      from: settings.from,
      client: settings.client,
      onExpired: settings.onExpired,
    })
    try {
      const response = await request(platform, `/events/stream?${query}`, {
        headers: { accept: 'application/x-ndjson' },
        signal: abort.signal,
      })
      if (!response.ok || response.body === null) throw await refusal(response)
      return new Connection(framesOf(response.body, silence), abort)
    } catch (error) {
      abort.abort()
      throw error
    }
  }

  /** The next frame; undefined when the platform closed the connection. */
  async next(): Promise<Frame | undefined> {
    const { value, done } = await this.#frames.next()
    return done ? undefined : value
  }

  close(): void {
    this.#abort.abort(new Error('closing'))
  }
}

async function* framesOf(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<Frame> {
  const lines = linesOf(body as unknown as AsyncIterable<Uint8Array>, () => silence.broken())
  for await (const line of lines) {
    // The taker of the frame may be slow: that is no silence of the platform.
    silence.pause()
    yield JSON.parse(line) as Frame
    silence.broken()
  }
}

/** Calls back when nothing came for too long. */
class Silence {
  readonly #clock: Clock
  readonly #onTooLong: () => void
  #timer: { cancel(): void } | undefined
  #isEnded = false

  constructor(clock: Clock, onTooLong: () => void) {
    this.#clock = clock
    this.#onTooLong = onTooLong
    this.broken()
  }

  broken(): void {
    this.pause()
    if (!this.#isEnded) this.#timer = this.#clock.after(SILENCE_MS, this.#onTooLong)
  }

  pause(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  end(): void {
    this.#isEnded = true
    this.pause()
  }
}

async function refusal(response: Response): Promise<Error> {
  const facts = await refusalOf(response)
  const message = `The platform refuses the stream (${facts.code}): ${facts.message}`
  return new BusError(isTransient(facts) ? 'bus_unavailable' : 'reading_refused', message, { reason: facts.code })
}

/** Why the stream ended; undefined if the platform wants the client to connect again. */
export function endOf({ reason = 'unknown' }: Frame): Error | undefined {
  const final = FINAL_REASONS[reason]
  if (final === undefined) return undefined
  return new BusError('reading_refused', `The platform ended the stream: ${final}.`, { reason })
}
