/**
 * Frames of the three transports. An event is rendered to JSON once for each format, and its frame is put together once
 * for all connections whose frames are equal.
 *
 *     SSE         id: <cursor> ⏎ event: <type> ⏎ data: <envelope> ⏎ ⏎
 *     NDJSON      {"type":"event","cursor":…,"event":<envelope>} ⏎
 *     WebSocket   {"type":"event","id":<subscription>,"cursor":…,"event":<envelope>}
 */
import type { Transport } from '../../../topics/streams-presence.ts'
import { quoted } from '../../json/quoted.ts'

export type NoticeType = 'ready' | 'position' | 'gap' | 'end'

export interface Notice {
  type: NoticeType
  /** Null: a reader has no place yet. */
  cursor: string | null
  /** Further members of its data. */
  facts?: Record<string, unknown>
  /** How long the client waits before it reconnects, in SSE. */
  retryMs?: number
}

export interface Frames {
  /** `envelope`: in one line (`oneLine`). */
  event(cursor: string, type: string, envelope: Buffer): Buffer
  notice(notice: Notice): Buffer
  /** Keeps an idle connection open; undefined: the transport has its own way. */
  readonly heartbeat: Buffer | undefined
}

const SSE: Frames = {
  event: (cursor, type, envelope) => around(`id: ${cursor}\nevent: ${type}\ndata: `, envelope, '\n\n'),
  notice({ type, cursor, facts, retryMs }) {
    const id = cursor === null ? '' : `id: ${cursor}\n`
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`
    return Buffer.from(`${id}event: ${type}\n${retry}data: ${JSON.stringify({ cursor, ...facts })}\n\n`)
  },
  heartbeat: Buffer.from(':\n\n'),
}

const NDJSON: Frames = {
  event: (cursor, _type, envelope) => around(`{"type":"event","cursor":"${cursor}","event":`, envelope, '}\n'),
  notice({ type, cursor, facts, retryMs }) {
    const retry = retryMs === undefined ? {} : { retryMs }
    return Buffer.from(`${JSON.stringify({ type, cursor, ...facts, ...retry })}\n`)
  },
  heartbeat: undefined,
}

/** `subscription`: the id that the client gave it. */
export function webSocketFrames(subscription: string): Frames {
  const head = `"id":${quoted(subscription)},"cursor":"`
  return {
    event: (cursor, _type, envelope) => around(`{"type":"event",${head}${cursor}","event":`, envelope, '}'),
    notice({ type, cursor, facts, retryMs }) {
      const retry = retryMs === undefined ? {} : { retryMs }
      return Buffer.from(JSON.stringify({ type, id: subscription, cursor, ...facts, ...retry }))
    },
    heartbeat: undefined,
  }
}

export const framesOf = (transport: Exclude<Transport, 'websocket'>): Frames => (transport === 'sse' ? SSE : NDJSON)

function around(head: string, envelope: Buffer, tail: string): Buffer {
  const headBytes = Buffer.byteLength(head)
  const frame = Buffer.allocUnsafe(headBytes + envelope.length + tail.length)
  frame.write(head, 0)
  envelope.copy(frame, headBytes)
  frame.write(tail, headBytes + envelope.length, 'latin1')
  return frame
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

/**
 * The same JSON without line ends, which separate frames: outside of its strings they are white space, and within them
 * JSON has none.
 */
export function oneLine(json: Buffer): Buffer {
  if (!json.includes(LF) && !json.includes(CR)) return json
  const line = Buffer.from(json)
  for (let at = 0; at < line.length; at++) if (line[at] === LF || line[at] === CR) line[at] = SPACE
  return line
}
