/** Results of attempts whose answer has begun: a 2xx is a success at its headers, any other answer has to end. */
import { describe, expect, it } from '@jest/globals'
import { type RawRequest, turn, writeApart } from '../support/raw-receiver.ts'
import { createManualClock } from './manual-clock.ts'
import { openSending, post } from './sending.ts'

const { answering, sender } = openSending()
const headers = (status: number, ...fields: string[]) =>
  [`HTTP/1.1 ${status} x`, 'X-A: b', ...fields, '', ''].join('\r\n')
const LENGTH = 'Content-Length: 100'
const CHUNKED = 'Transfer-Encoding: chunked'
const second = (request: RawRequest) => request.socket.write('HTTP/1.1 204 x\r\n\r\n')

/** The receiver's bytes have been read, and the timers are set. */
async function read(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await turn()
}

/** An attempt at a receiver that writes these bytes `afterMs` after the request, and nothing more. */
async function hanging(bytes: string, { afterMs = 0, timeoutMs = 30_000 } = {}) {
  const clock = createManualClock()
  const receiver = await answering(request =>
    request.number === 1 ? clock.after(afterMs, () => request.socket.write(bytes)) : second(request),
  )
  const { send } = sender({ clock })
  const sending = send(post(receiver.url, timeoutMs))
  await receiver.received(1)
  clock.advance(afterMs)
  await read()
  const settled = async () => (await Promise.race([sending.then(() => true), read().then(() => false)])) === true
  return { clock, receiver, send, sending, settled }
}

describe('an answer of 2xx', () => {
  it.each([
    ['of a promised length', headers(200, LENGTH)],
    ['in chunks', headers(202, CHUNKED)],
    ['until the connection ends', headers(200)],
  ])('is a success when its body hangs for two seconds: %s', async (_name, head) => {
    const { clock, receiver, send, sending, settled } = await hanging(head)
    clock.advance(1_999)
    expect(await settled()).toBe(false)
    clock.advance(1)
    expect(await sending).toMatchObject({
      errorKind: null,
      error: null,
      headers: { 'x-a': 'b' },
      firstByteMs: 0,
      durationMs: 2_000,
    })
    expect(clock.pending()).toBe(0)
    expect(await send(post(receiver.url))).toMatchObject({ status: 204, errorKind: null })
    expect(receiver.connections()).toBe(2)
  })

  it('has two seconds for its whole body, not for each piece, and keeps the part that came', async () => {
    const { clock, receiver, sending, settled } = await hanging(headers(200, LENGTH))
    const { socket } = receiver.requests[0]!
    for (let count = 0; count < 3; count += 1) {
      clock.advance(600)
      await writeApart(socket, ['piece '])
      await read()
    }
    expect(await settled()).toBe(false)
    clock.advance(200)
    expect(await sending).toMatchObject({
      status: 200,
      errorKind: null,
      body: Buffer.from('piece piece piece '),
      durationMs: 2_000,
    })
  })

  it('never takes longer than the attempt may', async () => {
    const late = await hanging(headers(200, LENGTH), { afterMs: 29_900 })
    late.clock.advance(100)
    expect(await late.sending).toMatchObject({ status: 200, errorKind: null, firstByteMs: 29_900, durationMs: 30_000 })
    const short = await hanging(headers(200, LENGTH), { timeoutMs: 1_000 })
    short.clock.advance(1_000)
    expect(await short.sending).toMatchObject({ status: 200, errorKind: null, durationMs: 1_000 })
  })

  it.each<[string, string, (socket: RawRequest['socket']) => unknown]>([
    ['ends before its length', headers(200, LENGTH), socket => socket.end('short')],
    [
      'ends before its length on a connection that was to close',
      headers(200, LENGTH, 'Connection: close'),
      socket => socket.end('short'),
    ],
    ['ends between chunks', headers(200, CHUNKED), socket => socket.end('5\r\nshort\r\n')],
    [
      'ends between chunks on a connection that was to close',
      headers(200, CHUNKED, 'Connection: close'),
      socket => socket.end('5\r\nshort\r\n'),
    ],
    ['ends in a chunk', headers(200, CHUNKED), socket => socket.end('50\r\nshort')],
    ['is reset', headers(200, LENGTH), socket => socket.resetAndDestroy()],
    ['has a bad size of a chunk', headers(200, CHUNKED), socket => socket.write('5\r\nshort\r\nzz\r\n')],
    ['has a chunk beyond its size', headers(200, CHUNKED), socket => socket.write('5\r\nshorter\r\n')],
    ['has a bad trailer', headers(200, CHUNKED), socket => socket.write('5\r\nshort\r\n0\r\nbad trailer\r\n\r\n')],
    ['has chunk extensions without end', headers(200, CHUNKED), socket => socket.write(`5;${'x'.repeat(1_000_000)}`)],
    ['is larger than 64 KB', headers(200, 'Content-Length: 70000'), socket => socket.write('x'.repeat(70_000))],
    ['is not wanted', headers(204, 'Content-Length: 5'), socket => socket.write('short')],
  ])('is a success when its body %s, and the connection is not used again', async (_name, head, after) => {
    const receiver = await answering(async request => {
      if (request.number > 1) return second(request)
      await writeApart(request.socket, [head])
      return after(request.socket)
    })
    const { send } = sender()
    const result = await send(post(receiver.url))
    expect(result).toMatchObject({ errorKind: null, error: null, headers: { 'x-a': 'b' } })
    expect([200, 204]).toContain(result.status)
    expect(await send(post(receiver.url))).toMatchObject({ status: 204, errorKind: null })
    expect([receiver.connections(), receiver.requests.length]).toEqual([2, 2])
  })

  it('is recorded with the first 4 KB of its body', async () => {
    const receiver = await answering(`${headers(200, 'Content-Length: 5000')}${'y'.repeat(5000)}`)
    const { send } = sender()
    expect((await send(post(receiver.url))).body).toEqual(Buffer.alloc(4096, 'y'))
    await send(post(receiver.url))
    expect(receiver.connections()).toBe(1)
  })

  it('is a success when the sender is closed in the middle of its body', async () => {
    const receiver = await answering(headers(200, LENGTH))
    const { send, close } = sender()
    const sending = send(post(receiver.url))
    await receiver.received(1)
    await read()
    close()
    expect(await sending).toMatchObject({ status: 200, errorKind: null })
  })
})

describe('another answer', () => {
  it.each([302, 404, 410, 500])('of %d is a timeout when its body hangs, with its status and headers', async status => {
    const { clock, sending, settled } = await hanging(headers(status, LENGTH))
    clock.advance(29_999)
    expect(await settled()).toBe(false)
    clock.advance(1)
    expect(await sending).toMatchObject({ status, errorKind: 'timeout', headers: { 'x-a': 'b' }, durationMs: 30_000 })
  })

  it('is a connect failure when its body breaks off, and a protocol failure when it cannot be read', async () => {
    const { send } = sender()
    const breaking = await answering(({ socket }) => socket.end(`${headers(500, LENGTH)}short`))
    expect(await send(post(breaking.url))).toMatchObject({
      status: 500,
      errorKind: 'connect',
      body: Buffer.from('short'),
    })
    const closing = await answering(({ socket }) =>
      socket.end(`${headers(500, CHUNKED, 'Connection: close')}5\r\nshort\r\n`),
    )
    expect(await send(post(closing.url))).toMatchObject({
      status: 500,
      errorKind: 'connect',
      body: Buffer.from('short'),
    })
    const noise = await answering(`${headers(503, CHUNKED, 'Retry-After: 7')}5\r\nshort\r\nzz\r\n`)
    expect(await send(post(noise.url))).toMatchObject({
      ...{ status: 503, errorKind: 'protocol', body: Buffer.from('short'), headers: { 'retry-after': '7' } },
      error: 'The answer cannot be read as HTTP/1.1: Invalid character in chunk size.',
    })
  })

  it.each([
    ['alone', headers(304)],
    ['with the length that the resource has', headers(304, LENGTH)],
    ['with a body', `${headers(304, 'Content-Length: 4')}body`],
  ])('of 304 is a failure with a sentence of its own, at once: %s', async (_name, bytes) => {
    const receiver = await answering(bytes)
    const { send } = sender({ clock: createManualClock() })
    for (let count = 1; count <= 2; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({
        ...{ status: 304, errorKind: 'redirect', headers: { 'x-a': 'b' } },
        error: 'The receiver answered 304 (Not Modified), which is no answer to a POST: a delivery is taken with 2xx.',
      })
    }
    expect(receiver.connections()).toBe(2)
  })
})
