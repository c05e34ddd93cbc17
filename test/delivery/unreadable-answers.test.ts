/** Answers that arrive and are not HTTP/1.1, or hardly: what they are called, and that none of them is taken for the answer to another request. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { turn, writeApart } from '../support/raw-receiver.ts'
import { selfSigned } from '../support/self-signed.ts'
import { createManualClock } from './manual-clock.ts'
import { openSending, post } from './sending.ts'

const { answering, sender } = openSending()
const OK = 'HTTP/1.1 200 OK\r\n'
const ok = (body: string) => `${OK}Content-Length: ${body.length}\r\n\r\n${body}`
const LENGTH = 'its Content-Length is repeated, is no length, or comes with a Transfer-Encoding'
const START = 'it does not begin with HTTP/1.1 or HTTP/1.0 and a status of three digits'

const UNREADABLE: [string, string, string][] = [
  ['bare LF after the status', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'Missing expected CR after response line'],
  ['bare LF after a field', `${OK}X: a\nContent-Length: 0\r\n\r\n`, 'Missing expected CR after header value'],
  ['bare CR in a field', `${OK}X: a\rb\r\nContent-Length: 0\r\n\r\n`, 'Missing expected LF after header value'],
  ['a space in a name', `${OK}bad name: x\r\n\r\n`, 'Invalid header token'],
  ['a space after a name', `${OK}X : a\r\n\r\n`, 'Invalid header token'],
  ['no name', `${OK}: a\r\n\r\n`, 'Invalid header token'],
  ['no colon', `${OK}garbage\r\n\r\n`, 'Invalid header token'],
  ['NUL in a value', `${OK}X: a\0b\r\n\r\n`, 'Invalid header value char'],
  ['a folded field', `${OK}X: a\r\n b\r\n\r\n`, 'Unexpected whitespace after header value'],
  ['two lengths that differ', `${OK}Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello`, LENGTH],
  ['two lengths that agree', `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, LENGTH],
  ['two lengths in one field', `${OK}Content-Length: 2, 2\r\n\r\nok`, LENGTH],
  ['a negative length', `${OK}Content-Length: -2\r\n\r\n`, 'Invalid character in Content-Length'],
  ['a length beyond all numbers', `${OK}Content-Length: 99999999999999999999999\r\n\r\n`, LENGTH],
  ['a length that is none', `${OK}Content-Length: 5x\r\n\r\nhello`, LENGTH],
  ['an empty length', `${OK}Content-Length: \r\n\r\n`, 'Empty Content-Length'],
  ['a length, then chunks', `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, LENGTH],
  [
    'chunks, then a length',
    `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    "Content-Length can't be present with Transfer-Encoding",
  ],
  ['a status with a letter', 'HTTP/1.1 2x0 OK\r\n\r\n', START],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n', START],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'Invalid response status'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n', START],
  ['no status', 'HTTP/1.1 OK\r\n\r\n', START],
  ['HTTP/0.9 by name', 'HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n', START],
  ['HTTP/0.9, a body alone', '<html>taken</html>', START],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n', START],
  ['HTTP/2 by name', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', START],
  ['HTTP/2, a SETTINGS frame', '\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00', START],
  ['RTSP', 'RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', START],
  ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n', START],
  ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x46', START],
  ['a single letter', 'h', START],
  ['noise', '\x01\x02\xff\xfe', START],
]

describe('an answer that cannot be read', () => {
  it.each(UNREADABLE)('is a failure of kind protocol that says why: %s', async (_name, bytes, why) => {
    const receiver = await answering(bytes)
    expect(await sender().send(post(receiver.url))).toMatchObject({
      ...{ status: null, errorKind: 'protocol', headers: {}, body: Buffer.alloc(0), firstByteMs: null },
      error: `The answer cannot be read as HTTP/1.1: ${why}.`,
    })
  })

  it('is one however it is divided, and is not repeated at once: the receiver had the request', async () => {
    const { send } = sender()
    for (const [name, bytes] of UNREADABLE) {
      const receiver = await answering(({ socket, number }) =>
        number === 1 ? socket.write(ok('first')) : writeApart(socket, bytes),
      )
      await send(post(receiver.url))
      expect([name, await send(post(receiver.url))]).toMatchObject([name, { status: null, errorKind: 'protocol' }])
      expect([name, receiver.requests.length, receiver.connections()]).toEqual([name, 2, 1])
    }
  })

  it('is one over TLS too', async () => {
    const tls = selfSigned(['localhost', '127.0.0.1'], createSystemClock().nowMs())
    const receiver = await answering('HTTP/2.0 200 OK\r\n\r\n', { tls })
    expect(await sender({ ca: [tls.cert] }).send(post(receiver.url))).toMatchObject({
      status: null,
      errorKind: 'protocol',
    })
  })

  it('costs no more than its size: headers beyond 16 KB, a status line or chunks without end', async () => {
    const { send } = sender()
    const headers = await answering(`${OK}X: ${'a'.repeat(20_000)}\r\n\r\n`)
    expect(await send(post(headers.url))).toMatchObject({
      status: null,
      errorKind: 'too_large',
      error: "The answer's headers are larger than 16 KB.",
    })
    const line = await answering(`HTTP/1.1 200 ${'a'.repeat(1_000_000)}`)
    expect(await send(post(line.url))).toMatchObject({ status: null, errorKind: 'too_large' })
    const chunks = await answering(`HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(1_000_000)}`)
    expect(await send(post(chunks.url))).toMatchObject({ status: 500, errorKind: 'too_large' })
  })

  it('is a timeout while it may still become one: headers that come byte by byte', async () => {
    const clock = createManualClock()
    const receiver = await answering(({ socket }) => writeApart(socket, `${OK}X-Slow: aaaaaaaaaaaaaaaaaaaa`))
    const sending = sender({ clock }).send(post(receiver.url))
    await receiver.received(1)
    for (let count = 0; count < 100; count += 1) await turn()
    clock.advance(30_000)
    expect(await sending).toMatchObject({ status: null, errorKind: 'timeout', durationMs: 30_000 })
  })

  it('is a connect failure when it breaks off before its status and headers are whole', async () => {
    for (const bytes of ['', 'HTTP/1', 'HTTP/1.1 20', 'HTTP/1.1 200 O', `${OK}X: `, `${OK}X: a\r\n`]) {
      const receiver = await answering(({ socket }) => socket.end(bytes))
      expect([bytes, await sender().send(post(receiver.url))]).toMatchObject([
        bytes,
        { status: null, errorKind: 'connect' },
      ])
    }
  })
})

describe('an answer that is unusual and can be read', () => {
  it.each([
    ['HTTP/1.0, until the connection ends', 'HTTP/1.0 200 OK\r\n\r\nhello', 'hello'],
    ['HTTP/1.1 without a length', `${OK}\r\nhello`, 'hello'],
    ['that closes', `${OK}Connection: close\r\nContent-Length: 5\r\n\r\nhello`, 'hello'],
    ['in another transfer coding', `${OK}Transfer-Encoding: gzip\r\n\r\nhello`, 'hello'],
  ])('ends with its connection, which is not used again: %s', async (_name, bytes, body) => {
    const receiver = await answering(({ socket }) => socket.end(bytes))
    const { send } = sender()
    for (let count = 0; count < 2; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({ status: 200, errorKind: null, body: Buffer.from(body) })
    }
    expect(receiver.connections()).toBe(2)
  })

  it.each([
    ['no reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 200],
    ['an empty reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 200],
    ['a trailer', `${OK}Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n`, 200],
    [
      'HTTP/1.0 that keeps the connection',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
      200,
    ],
    ['letters beyond ASCII', `${OK}X: \xe9\r\nContent-Length: 2\r\n\r\nok`, 200],
    ['an upgrade that it offers', `${OK}Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok`, 200],
    ['205 with a body', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nok', 205],
    ['an unknown 2xx', 'HTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\nok', 299],
  ])('is a success, and the connection kept: %s', async (_name, bytes, status) => {
    const receiver = await answering(bytes)
    const { send } = sender()
    for (let count = 0; count < 2; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({ status, errorKind: null, body: Buffer.from('ok') })
    }
    expect(receiver.connections()).toBe(1)
  })

  it('is recorded as it came when it is compressed', async () => {
    const packed = gzipSync('thanks')
    const receiver = await answering(({ socket }) =>
      socket.write(
        Buffer.concat([Buffer.from(`${OK}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`), packed]),
      ),
    )
    expect(await sender().send(post(receiver.url))).toMatchObject({ status: 200, errorKind: null, body: packed })
  })

  it('is read the same wherever its bytes are divided', async () => {
    const answer = `${OK}X: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\nT: 1\r\n\r\n`
    const receiver = await answering(({ socket, number }) =>
      writeApart(socket, [answer.slice(0, number), answer.slice(number)]),
    )
    const { send } = sender()
    for (let at = 1; at < answer.length; at += 1) {
      expect([at, await send(post(receiver.url))]).toMatchObject([
        at,
        { status: 200, errorKind: null, headers: { x: 'y' }, body: Buffer.from('okay!') },
      ])
    }
    expect(receiver.connections()).toBe(1)
  })
})

describe('bytes that answer no request', () => {
  const SMUGGLED = 'HTTP/1.1 500 Smuggled\r\nContent-Length: 0\r\n\r\n'

  it.each([
    ['another answer', ok('own') + SMUGGLED],
    ['half of one', `${ok('own')}HTTP/1.1 2`],
    ['noise', `${ok('own')}junk`],
    ['a body where none may be', `HTTP/1.1 204 No Content\r\n\r\n${SMUGGLED}`],
    ['a body of a 204 with its length', `HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello`],
  ])('behind an answer close its connection, and the next request gets its own: %s', async (_name, bytes) => {
    const receiver = await answering(bytes)
    const { send } = sender()
    for (let count = 1; count <= 3; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({ errorKind: null })
      expect(receiver.connections()).toBe(count)
    }
  })

  it.each([
    ['another answer', SMUGGLED],
    ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['noise', 'junk'],
    ['an empty line', '\r\n'],
  ])('on an idle connection close it: %s', async (_name, bytes) => {
    const receiver = await answering(({ socket }) => socket.write(ok('own')))
    const { send } = sender()
    await send(post(receiver.url))
    const { socket } = receiver.requests[0]!
    const closed = new Promise(resolve => socket.on('close', resolve))
    socket.write(bytes)
    await closed
    expect(await send(post(receiver.url))).toMatchObject({ status: 200, errorKind: null, body: Buffer.from('own') })
    expect(receiver.connections()).toBe(2)
  })

  it('that arrive just before the next request are not taken for its answer', async () => {
    const receiver = await answering(({ socket }) => socket.write(ok('own')))
    const { send } = sender()
    for (let count = 1; count <= 20; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({ status: 200, body: Buffer.from('own') })
      receiver.requests.at(-1)!.socket.write(SMUGGLED)
    }
    expect([receiver.connections(), receiver.requests.length]).toEqual([20, 20])
  })
})
