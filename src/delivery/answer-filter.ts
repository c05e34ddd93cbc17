/**
 * Reads a receiver's bytes before undici's parser does. undici closes the connection at an unrequested `100 Continue`,
 * which every client must skip (RFC 9110, 15.2), and has no option for it. So interim answers (1xx) end here, and the
 * parser sees final ones only. The filter also refuses bytes that the parser accepts: other protocol versions, bytes
 * that belong to no request, and an answer without end.
 *
 *     resting ── begin() ──► start ── 2xx to 9xx ──► final      rest() leads back to resting
 *                            │   ▲
 *                        1xx ▼   │ empty line
 *                           interim
 */
import type { Socket } from 'node:net'
import { AttemptError } from './attempt-error.ts'

const INTERIM_BYTES_MAX = 16 * 1024
/** With framing: 64 KB of body in chunks of one byte are 384 KB. */
const ANSWER_BYTES_MAX = 512 * 1024

const START = Buffer.from('HTTP/1.')
const STATUS_AT = 9
const START_LENGTH = 12
const [CR, LF, SPACE, ZERO, ONE, NINE] = [13, 10, 32, 48, 49, 57]

export interface AnswerFilter {
  /** A request is about to be written: bytes read from now on are its answer. */
  begin(): void
  /** The exchange is over: bytes read before the next one belong to no request, and close the connection. */
  rest(): void
  /** Whether any byte of an answer to the current request has been read. */
  answered(): boolean
}

/** Filters the result of `socket.read()`, through which undici reads. Nothing may read the socket in another way. */
export function filterAnswers(socket: Socket, bytesMax = ANSWER_BYTES_MAX): AnswerFilter {
  const readSocket = socket.read.bind(socket)
  let state: 'resting' | 'start' | 'interim' | 'final' = 'resting'
  /** Bytes of this exchange so far. */
  let bytes = 0
  let interimBytes = 0
  /** The beginning of an answer, until its status is known. */
  let held: Buffer | undefined
  /** How many bytes of the empty line (CR LF CR LF) that ends an interim answer have been read. */
  let matched = 0

  function fail(error: Error): void {
    socket.destroy(error)
  }

  /** The part of the chunk for the parser, or undefined if there is none. */
  function filter(chunk: Buffer): Buffer | undefined {
    if (state === 'resting') return void fail(unrequested())
    bytes += chunk.length
    if (state === 'final') return withinLimit(chunk)
    const all = held === undefined ? chunk : Buffer.concat([held, chunk])
    held = undefined
    let at = 0
    while (at < all.length) {
      if (state === 'interim') at = skipInterim(all, at)
      else if (all[at] === CR || all[at] === LF) at += skipped(1)
      else {
        const status = statusAt(all, at)
        if (status === 'unknown') break
        if (status === 'final') {
          state = 'final'
          return withinLimit(at === 0 ? all : all.subarray(at))
        }
        if (status instanceof Error) return void fail(status)
        state = 'interim'
        matched = 0
        at += skipped(START_LENGTH)
      }
      if (socket.destroyed) return undefined
    }
    if (at < all.length) held = all.subarray(at)
    return undefined
  }

  /** Where the interim answer ends, or the end of the bytes. */
  function skipInterim(all: Buffer, from: number): number {
    let at = from
    for (; at < all.length && matched < 4; at += 1) {
      const expected = matched % 2 === 0 ? CR : LF
      if (all[at] === expected) matched += 1
      // A line ends with CR LF, and neither occurs alone: the end of an answer must be unambiguous.
      else if (matched % 2 === 1 || all[at] === LF)
        fail(unreadable('a line of an interim answer does not end with CR LF'))
      else matched = 0
    }
    skipped(at - from)
    if (matched === 4) state = 'start'
    return at
  }

  function skipped(count: number): number {
    interimBytes += count
    if (interimBytes > INTERIM_BYTES_MAX)
      fail(new AttemptError('too_large', 'More than 16 KB of interim answers (1xx) came before an answer.'))
    return count
  }

  function withinLimit(chunk: Buffer): Buffer | undefined {
    if (bytes <= bytesMax) return chunk
    const message = `The answer is larger than ${bytesMax / 1024} KB, its headers and framing included.`
    fail(new AttemptError('too_large', message))
    return undefined
  }

  socket.read = (size?: number) => {
    // A read with a size belongs to the stream's own machinery, which reads nothing (0).
    if (size !== undefined) return readSocket(size)
    for (let chunk = readSocket(); chunk !== null; chunk = readSocket()) {
      const passed = filter(chunk)
      if (passed !== undefined) return passed
      if (socket.destroyed) break
    }
    return null
  }

  return {
    begin() {
      state = 'start'
      interimBytes = 0
    },
    rest() {
      state = 'resting'
      bytes = 0
      held = undefined
    },
    answered: () => bytes > 0,
  }
}

/** The kind of the answer at this position, judged by its first twelve bytes; `unknown` until they have arrived. */
function statusAt(all: Buffer, at: number): 'final' | 'interim' | 'unknown' | Error {
  const length = Math.min(START_LENGTH, all.length - at)
  for (let index = 0; index < length; index += 1) {
    if (!isStart(all[at + index]!, index))
      return unreadable('it does not begin with HTTP/1.1 or HTTP/1.0 and a status of three digits')
  }
  if (length <= STATUS_AT) return 'unknown'
  if (all[at + STATUS_AT] !== ONE) return 'final'
  if (length < START_LENGTH) return 'unknown'
  return all[at + 10] === ZERO && all[at + 11] === ONE ? switching() : 'interim'
}

function isStart(byte: number, index: number): boolean {
  if (index < START.length) return byte === START[index]
  if (index === START.length) return byte === ZERO || byte === ONE
  if (index < STATUS_AT) return byte === SPACE
  return byte >= (index === STATUS_AT ? ONE : ZERO) && byte <= NINE
}

/** With this error code, undici retries the requests that wait for the connection on another one. */
const unrequested = () =>
  Object.assign(new Error('The receiver sent bytes that answer no request.'), { code: 'UND_ERR_INFO' })

const switching = () =>
  new AttemptError(
    'protocol',
    'The receiver answered 101 (Switching Protocols), which the request did not offer: a delivery is taken with 2xx.',
    { status: 101 },
  )

/** An answer arrived that is not HTTP/1.1. */
export function unreadable(why: string): AttemptError {
  return new AttemptError('protocol', `The answer cannot be read as HTTP/1.1: ${why}.`)
}
