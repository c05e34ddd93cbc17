/** How long a connection is kept, and what of an earlier one is used again: neither addresses nor, for long, what TLS agreed on. */
import { describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import type { RawRequest } from '../support/raw-receiver.ts'
import { selfSigned } from '../support/self-signed.ts'
import { createManualClock } from './manual-clock.ts'
import { openSending, post } from './sending.ts'

const { answering, sender } = openSending()
const MINUTE_MS = 60_000
const says = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** Names that lead to `address()`, counted. */
function names(address: () => string) {
  let lookups = 0
  const resolve = async () => {
    lookups += 1
    return [{ address: address(), family: 4 }]
  }
  const guard = createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [], resolve })
  return { guard, lookups: () => lookups }
}

describe('a kept connection', () => {
  it('is used for a minute, then the name is looked up again, so that a receiver that moved is found', async () => {
    const clock = createManualClock()
    let address = '127.0.0.1'
    const old = await answering(says('old'))
    await answering(says('new'), { host: '127.0.0.2', port: old.port })
    const { guard, lookups } = names(() => address)
    const { send } = sender({ clock, guard })
    const body = async () => (await send(post(`http://moving.test:${old.port}/`))).body.toString()
    expect(await body()).toBe('old')
    address = '127.0.0.2'
    clock.advance(MINUTE_MS - 1)
    expect([await body(), lookups(), old.connections()]).toEqual(['old', 1, 1])
    clock.advance(1)
    expect([await body(), lookups(), old.connections()]).toEqual(['new', 2, 1])
  })

  it('has an age of its own, which use does not renew, and the operator sets', async () => {
    const clock = createManualClock()
    const receiver = await answering(says('ok'))
    const { send } = sender({ clock, connectionAgeMsMax: 1_000 })
    for (let count = 0; count < 10; count += 1) {
      await send(post(receiver.url))
      clock.advance(400)
    }
    expect(receiver.requests.map(({ connection }) => connection)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4])
  })

  it('is closed when it has become too old, idle or in use', async () => {
    const clock = createManualClock()
    const waiting: RawRequest[] = []
    const receiver = await answering(request =>
      waiting.push(request) === 1 ? undefined : request.socket.write(says('ok')),
    )
    const { send } = sender({ clock, connectionAgeMsMax: 1_000 })
    const first = send(post(receiver.url))
    await receiver.received(1)
    await send(post(receiver.url))
    const closed = waiting.map(({ socket }) => new Promise(resolve => socket.on('close', resolve)))
    clock.advance(1_000)
    waiting[0]!.socket.write(says('late'))
    expect((await first).body.toString()).toBe('late')
    expect((await send(post(receiver.url))).connectMs).not.toBeNull()
    await Promise.all(closed)
    expect(receiver.connections()).toBe(3)
  })

  it('is not kept at all with an age of 0', async () => {
    const receiver = await answering(says('ok'))
    const { send } = sender({ connectionAgeMsMax: 0 })
    for (let count = 1; count <= 3; count += 1) {
      await send(post(receiver.url))
      expect(receiver.connections()).toBe(count)
    }
  })
})

describe('a TLS session', () => {
  const tls = selfSigned(['localhost', '127.0.0.1'], createSystemClock().nowMs())

  it('makes the next connection cheaper for an hour, then the certificate is verified again', async () => {
    const clock = createManualClock()
    const reused: boolean[] = []
    const receiver = await answering(
      ({ socket }) => {
        reused.push((socket as import('node:tls').TLSSocket).isSessionReused())
        socket.write(says('ok'))
      },
      { tls },
    )
    const { send } = sender({ clock, ca: [tls.cert], connectionAgeMsMax: 0 })
    for (let count = 0; count < 5; count += 1) {
      expect(await send(post(receiver.url))).toMatchObject({ errorKind: null })
      clock.advance(20 * MINUTE_MS)
    }
    expect(reused).toEqual([false, true, true, false, true])
  })
})
