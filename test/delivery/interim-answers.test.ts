/** Unrequested interim answers (1xx) before the final answer. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { turn, writeApart } from '../support/raw-receiver.ts'
import { createManualClock } from './manual-clock.ts'
import { openSending, post } from './sending.ts'

const { answering, sender } = openSending()
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-Status: HTTP/1.1 500 no\r\n\r\n'
const ok = (body = 'taken') => `HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const taken = {
  status: 201,
  errorKind: null,
  error: null,
  headers: { 'x-a': 'b', 'content-length': '5' },
  body: Buffer.from('taken'),
}

describe('an interim answer', () => {
  it.each([
    ['100', CONTINUE],
    ['100 without a reason', 'HTTP/1.1 100\r\n\r\n'],
    ['100 with header fields', 'HTTP/1.1 100 Continue\r\nDate: Wed, 21 Oct 2026 07:28:00 GMT\r\nX: y\r\n\r\n'],
    ['100 several times', CONTINUE.repeat(20)],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103', HINTS],
    ['199', 'HTTP/1.1 199 Odd\r\n\r\n'],
    ['all of them', `${CONTINUE}${HINTS}HTTP/1.1 102 \r\n\r\n${CONTINUE}`],
    ['of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n'],
    ['that announces a close', 'HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n'],
    ['that announces a length, which it cannot have', 'HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\n'],
    ['that announces chunks, which it cannot have', 'HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['after empty lines', `\r\n\r\n${CONTINUE}\r\n`],
  ])('is skipped, and the connection kept: %s', async (_name, interim) => {
    const receiver = await answering(interim + ok())
    const { send } = sender()
    expect(await send(post(receiver.url))).toMatchObject(taken)
    expect(await send(post(receiver.url))).toMatchObject({ ...taken, connectMs: null })
    expect([receiver.connections(), receiver.requests.length]).toEqual([1, 2])
  })

  it('does not hide that the receiver failed', async () => {
    const receiver = await answering(`${CONTINUE}HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n`)
    expect(await sender().send(post(receiver.url))).toMatchObject({
      status: 503,
      errorKind: 'status',
      headers: { 'retry-after': '7' },
    })
  })

  it('is skipped wherever the bytes are divided', async () => {
    const answer = `${CONTINUE}${HINTS}${ok()}`
    const receiver = await answering(({ socket, number }) =>
      writeApart(socket, [answer.slice(0, number), answer.slice(number)]),
    )
    const { send } = sender()
    for (let at = 1; at < answer.length; at += 1)
      expect([at, await send(post(receiver.url))]).toMatchObject([at, taken])
    expect(receiver.connections()).toBe(1)
  })

  it('is skipped when every byte comes alone', async () => {
    const receiver = await answering(({ socket }) => writeApart(socket, CONTINUE + HINTS + ok()))
    expect(await sender().send(post(receiver.url))).toMatchObject(taken)
  })

  it('is skipped in any number and any division', async () => {
    let parts: string[] = []
    const receiver = await answering(({ socket }) => writeApart(socket, parts))
    const { send } = sender()
    const interims = fc.array(fc.constantFrom(CONTINUE, HINTS, 'HTTP/1.1 102 x\r\n\r\n', '\r\n'), { maxLength: 6 })
    const cuts = fc.array(fc.nat(400), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(interims, cuts, async (before, places) => {
        const answer = before.join('') + ok()
        const at = [...new Set([0, ...places.filter(place => place < answer.length)])].sort((a, b) => a - b)
        parts = at.map((from, index) => answer.slice(from, at[index + 1]))
        expect(await send(post(receiver.url))).toMatchObject(taken)
      }),
      { numRuns: 100 },
    )
    expect(receiver.connections()).toBe(1)
  })

  it('that never leads to an answer ends with the time limit', async () => {
    const clock = createManualClock()
    const receiver = await answering(CONTINUE)
    const sending = sender({ clock }).send(post(receiver.url))
    await receiver.received(1)
    await turn()
    await turn()
    clock.advance(30_000)
    expect(await sending).toMatchObject({ status: null, errorKind: 'timeout', durationMs: 30_000, firstByteMs: null })
  })

  it.each([
    ['ten thousand of them', CONTINUE.repeat(10_000)],
    ['one without end', `HTTP/1.1 103 Early Hints\r\n${'X-A: 0123456789\r\n'.repeat(10_000)}`],
    ['one line without end', `HTTP/1.1 100 ${'x'.repeat(100_000)}`],
    ['empty lines without end', '\r\n'.repeat(50_000)],
  ])('costs 16 KB at most: %s', async (_name, interims) => {
    const receiver = await answering(interims + ok())
    expect(await sender().send(post(receiver.url))).toMatchObject({
      ...{ status: null, errorKind: 'too_large' },
      error: 'More than 16 KB of interim answers (1xx) came before an answer.',
    })
  })

  it('may be many as long as they are 16 KB together, each time anew', async () => {
    const receiver = await answering(CONTINUE.repeat(600) + ok())
    const { send } = sender()
    for (let count = 0; count < 5; count += 1) expect(await send(post(receiver.url))).toMatchObject(taken)
  })

  it.each([
    ['a bare LF', 'HTTP/1.1 100 Continue\n\n'],
    ['a bare LF after a field', 'HTTP/1.1 100 Continue\r\nX: y\n\r\n'],
    ['a bare CR', 'HTTP/1.1 100 Continue\r\nX: a\rb\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 10 Continue\r\n\r\n'],
    ['no digits', 'HTTP/1.1 1xx Continue\r\n\r\n'],
  ])('with %s is a protocol error: where it ends is a matter of opinion', async (_name, interim) => {
    const receiver = await answering(interim + ok())
    const result = await sender().send(post(receiver.url))
    expect(result).toMatchObject({
      status: null,
      errorKind: 'protocol',
      error: expect.stringContaining('The answer cannot be read as HTTP/1.1'),
    })
  })

  it('before the connection ends is a failure, and the request is not repeated: the receiver had it', async () => {
    const receiver = await answering(({ socket, number }) => (number === 1 ? socket.write(ok()) : socket.end(CONTINUE)))
    const { send } = sender()
    await send(post(receiver.url))
    expect(await send(post(receiver.url))).toMatchObject({ status: null, errorKind: 'connect' })
    expect(receiver.requests).toHaveLength(2)
  })
})

describe('an unrequested 101', () => {
  it.each([
    ['alone', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['with an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['after others', `${CONTINUE}${HINTS}HTTP/1.1 101 Switching Protocols\r\n\r\n`],
    ['before an answer', `HTTP/1.1 101 Switching Protocols\r\n\r\n${ok()}`],
  ])('is a failure of kind protocol that says so: %s', async (_name, bytes) => {
    const receiver = await answering(({ socket }) => writeApart(socket, [bytes.slice(0, 11), bytes.slice(11)]))
    expect(await sender().send(post(receiver.url))).toMatchObject({
      ...{ status: 101, errorKind: 'protocol', headers: {}, body: Buffer.alloc(0) },
      error:
        'The receiver answered 101 (Switching Protocols), which the request did not offer: a delivery is taken with 2xx.',
    })
  })
})
