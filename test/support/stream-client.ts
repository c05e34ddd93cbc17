/** A client of streams that sees every frame, and cuts its connection where a test wants it. */
import { type IncomingMessage, request } from 'node:http'

export interface Frame {
  /** `ready`, `position`, `gap` and `end`; for events their own type. */
  event: string
  id: string | undefined
  retry: number | undefined
  // biome-ignore lint/suspicious/noExplicitAny: what a frame holds is what the test is about
  data: any
}

export interface StreamClient {
  status: number
  headers: IncomingMessage['headers']
  /** The whole body of an error. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  error: any
  /** All frames so far. */
  frames: Frame[]
  /** Resolves with the first frame, from `after` on, that satisfies it; rejects when the stream ends before. */
  until(isWanted: (frame: Frame) => boolean, after?: number): Promise<Frame>
  /** The next events, in order. */
  events(count: number): Promise<Frame[]>
  /** Resolves when the connection has ended. */
  ended: Promise<void>
  /** Whether it has. */
  isEnded(): boolean
  text(): string
  pause(): void
  resume(): void
  close(): void
}

export const NOTICES: ReadonlySet<string> = new Set(['ready', 'position', 'gap', 'end'])
export const isEvent = ({ event }: Frame): boolean => !NOTICES.has(event)

export interface StreamOptions {
  key?: string | undefined
  headers?: Record<string, string>
  /** The connection is cut when it has read so many bytes. */
  cutAtBytes?: number
}

/** Resolves when the headers are there; an error's body too. */
export function openStream(url: string, { key, headers = {}, cutAtBytes }: StreamOptions = {}): Promise<StreamClient> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      headers: {
        accept: 'text/event-stream',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      agent: false,
    })
    call.on('error', reject)
    call.on('response', response => {
      const client = follow(response, cutAtBytes, () => call.destroy())
      if (response.statusCode === 200) resolve(client)
      else void client.ended.then(() => resolve({ ...client, error: JSON.parse(client.text()).error }))
    })
    call.end()
  })
}

function follow(response: IncomingMessage, cutAtBytes: number | undefined, cut: () => void): StreamClient {
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  const isSse = response.headers['content-type']?.startsWith('text/event-stream') === true
  let text = ''
  let left = ''
  let bytes = 0
  let hasEnded = false
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const wake = () => {
    for (const each of [...waiting]) each()
  }
  const over = () => {
    hasEnded = true
    end()
    wake()
  }
  response.on('data', (chunk: Buffer) => {
    const taken = cutAtBytes === undefined ? chunk : chunk.subarray(0, Math.max(0, cutAtBytes - bytes))
    bytes += chunk.length
    text = (text + taken.toString('utf8')).slice(-200_000)
    left += taken.toString('utf8')
    const parts = left.split(isSse ? '\n\n' : '\n')
    left = parts.pop()!
    for (const part of parts) {
      const frame = isSse ? parseSse(part) : parseLine(part)
      if (frame !== undefined) frames.push(frame)
    }
    wake()
    if (cutAtBytes !== undefined && bytes >= cutAtBytes) cut()
  })
  response.on('error', over)
  response.on('close', over)

  function until(isWanted: (frame: Frame) => boolean, after = 0): Promise<Frame> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = frames.slice(after).find(isWanted)
        if (found === undefined && !hasEnded) return
        waiting.delete(look)
        if (found === undefined) reject(new Error(`the stream ended before: ${text.slice(-2_000)}`))
        else resolve(found)
      }
      waiting.add(look)
      look()
    })
  }

  return {
    status: response.statusCode!,
    headers: response.headers,
    error: undefined,
    frames,
    until,
    async events(count) {
      await until(() => frames.filter(isEvent).length >= count)
      return frames.filter(isEvent).slice(0, count)
    },
    ended,
    isEnded: () => hasEnded,
    text: () => text,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    close: cut,
  }
}

/** Undefined: a comment. */
function parseSse(part: string): Frame | undefined {
  const fields = new Map(
    part
      .split('\n')
      .filter(line => !line.startsWith(':'))
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  )
  if (!fields.has('data')) return undefined
  const retry = fields.get('retry')
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id'),
    retry: retry === undefined ? undefined : Number(retry),
    data: JSON.parse(fields.get('data')!),
  }
}

function parseLine(line: string): Frame | undefined {
  if (line === '') return undefined
  const { type, cursor, event, ...facts } = JSON.parse(line)
  return {
    event: type === 'event' ? event.type : type,
    id: cursor,
    retry: facts.retryMs,
    data: type === 'event' ? event : { cursor, ...facts },
  }
}
