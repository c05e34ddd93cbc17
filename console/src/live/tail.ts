/** The live tail of a log: one stream, the newest rows, drawn at most ten times a second. It resumes by its cursor. */
import { useEffect, useRef, useState } from 'react'
import { ApiError, queryText } from '../api/call.ts'
import { type JsonText, readJson } from '../api/exact-json.ts'
import { createFrameReader, type Frame } from './read-frames.ts'

export interface LiveEvent {
  id: string
  type: string
  sequence: number
  subject: string | null
  recordedAt: string
  data?: JsonText
}

export type TailState = 'connecting' | 'open' | 'lost'

export const ROWS_MAX = 5_000
const DRAW_MS = 100
const AGAIN_MS = 2_000
const RATE_OVER_MS = 5_000

interface Shown {
  rows: readonly LiveEvent[]
  dropped: number
  missed: number
  perSecond: number
}

const NOTHING: Shown = { rows: [], dropped: 0, missed: 0, perSecond: 0 }

/** While paused, events are counted and not shown. */
export function useTail(types: string, isPaused: boolean) {
  const [state, setState] = useState<TailState>('connecting')
  const [error, setError] = useState<ApiError>()
  const [shown, setShown] = useState<Shown>(NOTHING)
  const paused = useRef(isPaused)
  const buffer = useRef(createBuffer())
  useEffect(() => {
    paused.current = isPaused
    if (!isPaused) buffer.current.forgetMissed()
  }, [isPaused])
  useEffect(() => {
    const own = createBuffer()
    buffer.current = own
    const stop = new AbortController()
    setError(undefined)
    const timer = setInterval(() => own.isChanged() && setShown(own.take()), DRAW_MS)
    void follow(types, stop.signal, {
      onState: setState,
      onEvent: event => own.add(event, paused.current),
      onRefused: setError,
    })
    return () => {
      stop.abort()
      clearInterval(timer)
      setShown(NOTHING)
    }
  }, [types])
  return { state, error, ...shown, clear: () => setShown(buffer.current.clear()) }
}

function createBuffer() {
  let rows: LiveEvent[] = []
  let times: number[] = []
  let [dropped, missed] = [0, 0]
  let changed = false
  const shown = (): Shown => {
    const since = performance.now() - RATE_OVER_MS
    times = times.filter(each => each > since)
    return { rows: [...rows], dropped, missed, perSecond: Math.round((times.length * 1_000) / RATE_OVER_MS) }
  }
  return {
    /** Also while a rate is shown that falls without a new event. */
    isChanged: () => changed || times.length > 0,
    add(event: LiveEvent, isPaused: boolean) {
      changed = true
      times.push(performance.now())
      if (isPaused) {
        missed++
        return
      }
      rows.unshift(event)
      if (rows.length <= ROWS_MAX) return
      rows.length = ROWS_MAX
      dropped++
    },
    take(): Shown {
      changed = false
      return shown()
    },
    forgetMissed() {
      missed = 0
      changed = true
    },
    clear(): Shown {
      rows = []
      dropped = 0
      return shown()
    },
  }
}

interface Hooks {
  onState(state: TailState): void
  onEvent(event: LiveEvent): void
  onRefused(error: ApiError): void
}

/** Connects again after a break, from the cursor of the last frame, until it is stopped or refused. */
async function follow(types: string, signal: AbortSignal, hooks: Hooks): Promise<void> {
  let cursor = 'latest'
  while (!signal.aborted) {
    hooks.onState('connecting')
    try {
      const frames = await open({ types, from: cursor }, signal)
      hooks.onState('open')
      for await (const frame of frames) {
        if (frame.id !== undefined) cursor = frame.id
        const event = eventOf(frame)
        if (event !== undefined) hooks.onEvent(event)
      }
    } catch (error) {
      if (error instanceof ApiError && !error.retryable) return hooks.onRefused(error)
    }
    if (signal.aborted) return
    hooks.onState('lost')
    await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
  }
}

async function open(query: { types: string; from: string }, signal: AbortSignal): Promise<AsyncIterable<Frame>> {
  const answer = await fetch(`/api/v1/events/stream${queryText(query)}`, {
    credentials: 'same-origin',
    headers: { accept: 'text/event-stream', 'x-clarion-console': '1' },
    signal,
  })
  if (answer.ok && answer.body !== null) return read(answer.body)
  const { error } = (await answer.json().catch(() => ({}))) as { error?: ConstructorParameters<typeof ApiError>[0] }
  throw new ApiError({
    ...(error ?? { code: 'unreachable', message: `The platform answered ${answer.status}.`, retryable: true }),
    status: answer.status,
  })
}

async function* read(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const framesOf = createFrameReader()
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield* framesOf(value)
  }
}

function eventOf({ event, data }: Frame): LiveEvent | undefined {
  const read = readJson(data, ['data']) as Partial<LiveEvent>
  return typeof read.id === 'string' && read.id.startsWith('evt_') && event === read.type
    ? (read as LiveEvent)
    : undefined
}
