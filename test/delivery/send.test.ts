import { afterEach, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createSender, type SenderOptions } from '../../src/delivery/send.ts'
import { type Answer, createReceiver, type ReceiverOptions } from '../support/receiver.ts'
import { selfSigned } from '../support/self-signed.ts'
import { createManualClock } from './manual-clock.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function receiver(options: ReceiverOptions = {}) {
  const made = await createReceiver(options)
  cleanups.push(() => made.close())
  return made
}

const loopbackGuard = () => createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [] })

function sender(options: Partial<SenderOptions> = {}) {
  const made = createSender({ guard: loopbackGuard(), clock: createSystemClock(), ...options })
  cleanups.push(() => made.close())
  return made
}

const post = (url: string, timeoutMs = 30_000) => ({
  url,
  body: Buffer.from('{"n":1}'),
  headers: { 'X-Event-Id': 'evt_1' },
  timeoutMs,
})
const answering = (answer: Answer) => receiver({ answer: () => answer })

describe('an attempt', () => {
  it('posts the bytes and headers as given, and brings back status, headers, body and timings', async () => {
    const { url, requests } = await answering({ status: 201, headers: { 'x-a': 'b' }, body: 'thanks' })
    const result = await sender().send(post(`${url}/hook?a=1`))
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/hook?a=1', body: Buffer.from('{"n":1}') })
    expect(requests[0]!.headers).toMatchObject({ 'x-event-id': 'evt_1', 'content-length': '7' })
    expect(result).toMatchObject({
      status: 201,
      errorKind: null,
      error: null,
      headers: { 'x-a': 'b' },
      body: Buffer.from('thanks'),
    })
    expect([result.connectMs, result.firstByteMs, result.durationMs].every(Number.isInteger)).toBe(true)
    expect(result).toMatchObject({ dnsMs: null, tlsMs: null, remoteAddress: '127.0.0.1' })
  })

  it('uses a kept connection again, and says so by having no connecting time', async () => {
    const { url, connections } = await receiver()
    const { send } = sender()
    await send(post(url))
    const second = await send(post(url))
    expect(connections()).toBe(1)
    expect(second).toMatchObject({ connectMs: null, dnsMs: null, tlsMs: null, remoteAddress: '127.0.0.1' })
  })

  it('is a failure of kind status for 4xx and 5xx', async () => {
    for (const status of [400, 404, 410, 429, 500, 503]) {
      const { url } = await answering({ status })
      expect(await sender().send(post(url))).toMatchObject({ status, errorKind: 'status' })
    }
  })

  it('never follows a redirect', async () => {
    const elsewhere = await receiver()
    const { url } = await answering({ redirect: elsewhere.url })
    expect(await sender().send(post(url))).toMatchObject({
      status: 302,
      errorKind: 'redirect',
      headers: { location: elsewhere.url },
    })
    expect(elsewhere.requests).toHaveLength(0)
  })

  it('ends as a timeout when the receiver hangs, and takes the connection with it', async () => {
    const clock = createManualClock()
    const hanging = await answering('hang')
    const { send } = sender({ clock })
    const sending = send(post(hanging.url))
    await hanging.received(1)
    clock.advance(30_000)
    expect(await sending).toMatchObject({ status: null, errorKind: 'timeout', durationMs: 30_000, firstByteMs: null })
    expect(clock.pending()).toBe(0)
    hanging.answerWith(() => ({ status: 204 }))
    expect(await send(post(hanging.url))).toMatchObject({ status: 204 })
    expect(hanging.connections()).toBe(2)
  })

  it('ends after 64 KB of a flood: success if the status was 2xx, with the first 4 KB kept', async () => {
    const { url } = await answering('flood')
    const result = await sender().send(post(url))
    expect(result).toMatchObject({ status: 200, errorKind: null })
    expect(result.body.equals(Buffer.alloc(4096, '~'))).toBe(true)
  })

  it('is too_large when a failure is explained in more than 64 KB, or an answer has more than 16 KB of headers', async () => {
    const long = await answering({ status: 500, body: 'x'.repeat(100_000) })
    expect(await sender().send(post(long.url))).toMatchObject({ status: 500, errorKind: 'too_large' })
    const wordy = await answering({ headers: { 'x-a': 'a'.repeat(20_000) } })
    expect(await sender().send(post(wordy.url))).toMatchObject({ status: null, errorKind: 'too_large' })
  })

  it('keeps at most 8 KB of the answer headers', async () => {
    const { url } = await answering({ headers: { 'x-a': 'a'.repeat(5000), 'x-b': 'b'.repeat(5000) } })
    const { headers } = await sender().send(post(url))
    expect(JSON.stringify(headers).length).toBeLessThan(8192)
    expect(headers['x-a']).toHaveLength(5000)
  })

  it('keeps what follows a header that is too long: it may say when to come back', async () => {
    const { url } = await answering({ status: 503, headers: { 'x-a': 'a'.repeat(9000), 'retry-after': '7' } })
    const { headers } = await sender().send(post(url))
    expect(headers).toMatchObject({ 'retry-after': '7' })
    expect(headers).not.toHaveProperty('x-a')
  })

  it('keeps what says when and whether to come back, however many headers are before it', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`x-${at}`, 'h'.repeat(160)]))
    const { url } = await answering({ status: 503, headers: { ...many, 'retry-after': '7', 'webhook-retry': 'no' } })
    const { headers } = await sender().send(post(url))
    expect(headers).toMatchObject({ 'retry-after': '7', 'webhook-retry': 'no' })
    expect(Object.entries(headers).flat().join('').length).toBeLessThanOrEqual(8 * 1024)
  })

  it('is a connect failure when the connection is refused or reset', async () => {
    const closed = await createReceiver()
    await closed.close()
    expect(await sender().send(post(closed.url))).toMatchObject({ status: null, errorKind: 'connect' })
    const resetting = await answering('reset')
    expect(await sender().send(post(resetting.url))).toMatchObject({ status: null, errorKind: 'connect' })
    expect(resetting.requests).toHaveLength(1)
  })

  it('is repeated at once, and once, on a new connection when the receiver closed the kept one', async () => {
    const resetting = await receiver({ answer: ({ number }) => (number === 1 ? { status: 204 } : 'reset') })
    const { send } = sender()
    await send(post(resetting.url))
    expect(await send(post(resetting.url))).toMatchObject({ errorKind: 'connect' })
    expect(resetting.requests.map(request => request.connection)).toEqual([1, 1, 2])
    resetting.answerWith(({ connection }) => (connection === 3 ? 'reset' : { status: 204 }))
    expect(await send(post(resetting.url))).toMatchObject({ errorKind: 'connect' })
    expect(await send(post(resetting.url))).toMatchObject({ status: 204, errorKind: null })
  })

  it('is not repeated when a new connection could not be made', async () => {
    let resolved = 0
    const resolve = async () => {
      resolved += 1
      return [{ address: '127.0.0.1', family: 4 }]
    }
    const guard = createAddressGuard({ allow: ['127.0.0.1'], allowHttp: true, ownAddresses: () => [], resolve })
    const closed = await createReceiver()
    await closed.close()
    expect(await sender({ guard }).send(post(`http://gone.test:${closed.port}/`))).toMatchObject({
      errorKind: 'connect',
    })
    expect(resolved).toBe(1)
  })

  it('is a dns failure when the name does not resolve', async () => {
    const guard = createAddressGuard({
      allow: [],
      allowHttp: false,
      ownAddresses: () => [],
      resolve: () => Promise.reject(new Error('no')),
    })
    expect(await sender({ guard }).send(post('https://nowhere.test/'))).toMatchObject({
      status: null,
      errorKind: 'dns',
    })
  })

  it('never rejects, whatever the request is', async () => {
    const { url } = await receiver()
    const { send } = sender()
    const bad = { ...post(url), headers: { 'bad header\r\n': 'x' } }
    expect(await send(bad)).toMatchObject({ status: null, errorKind: 'connect' })
    expect(await send(post('not a url'))).toMatchObject({ errorKind: 'blocked_address' })
  })

  it('does not wait for another attempt that hangs at the same receiver', async () => {
    const half = await receiver({ answer: ({ number }) => (number === 1 ? 'hang' : { status: 204 }) })
    const { send } = sender({ clock: createManualClock() })
    const hanging = send(post(half.url))
    await half.received(1)
    expect(await send(post(half.url))).toMatchObject({ status: 204 })
    expect(await Promise.race([hanging, 'still hanging'])).toBe('still hanging')
  })

  it('is cut off when the sender is closed', async () => {
    const hanging = await answering('hang')
    const { send, close } = sender()
    const sending = send(post(hanging.url))
    await hanging.received(1)
    close()
    expect(await sending).toMatchObject({ status: null, errorKind: 'connect' })
  })

  it('keeps no more idle connections than allowed', async () => {
    const receivers = await Promise.all([receiver(), receiver(), receiver()])
    const { send } = sender({ idleMax: 2 })
    for (const { url } of receivers) await send(post(url))
    for (const { url } of receivers.slice(1)) await send(post(url))
    expect(receivers.map(one => one.connections())).toEqual([1, 1, 1])
    await send(post(receivers[0]!.url))
    expect(receivers[0]!.connections()).toBe(2)
  })
})

describe('an attempt over TLS', () => {
  const clock = createSystemClock()
  const tls = selfSigned(['localhost', '127.0.0.1'], clock.nowMs())

  it('reaches a receiver whose certificate is trusted', async () => {
    const { url, requests } = await receiver({ tls })
    expect(await sender({ ca: [tls.cert] }).send(post(url))).toMatchObject({ status: 204, errorKind: null })
    expect(requests).toHaveLength(1)
  })

  it('is a tls failure when the certificate is not trusted or names another host, and nothing is sent', async () => {
    const { url, requests } = await receiver({ tls })
    const error = 'The TLS handshake failed: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT).'
    expect(await sender().send(post(url))).toMatchObject({ status: null, errorKind: 'tls', error })
    const foreign = selfSigned(['elsewhere.test'], clock.nowMs())
    const other = await receiver({ tls: foreign })
    expect(await sender({ ca: [foreign.cert] }).send(post(other.url))).toMatchObject({ status: null, errorKind: 'tls' })
    expect([...requests, ...other.requests]).toHaveLength(0)
  })

  it('is a tls failure when the other side does not speak TLS', async () => {
    const plain = await receiver()
    expect(await sender().send(post(plain.url.replace('http:', 'https:')))).toMatchObject({
      ...{ status: null, errorKind: 'tls' },
      error: 'The TLS handshake failed: wrong version number (ERR_SSL_WRONG_VERSION_NUMBER).',
    })
  })

  it('checks the certificate against the name in the URL while connecting to the checked address', async () => {
    const secure = await receiver({ tls })
    const guard = createAddressGuard({
      allow: ['127.0.0.0/8'],
      allowHttp: false,
      ownAddresses: () => [],
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    const { send } = sender({ guard, ca: [tls.cert] })
    expect(await send(post(`https://localhost:${secure.port}/`))).toMatchObject({ status: 204 })
    expect(await send(post(`https://other.test:${secure.port}/`))).toMatchObject({ errorKind: 'tls' })
  })
})
