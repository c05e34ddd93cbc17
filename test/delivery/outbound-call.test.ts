import { afterAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createCaller, type OutboundCall } from '../../src/delivery/outbound-call.ts'
import { type Answer, createReceiver } from '../support/receiver.ts'

const clock = createSystemClock()
const guard = createAddressGuard({ allow: ['127.0.0.0/8'], allowHttp: true, ownAddresses: () => [] })
const caller = createCaller({ guard, clock })
const closing: Array<() => unknown> = [() => caller.close()]
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

async function receiving(answer: Answer) {
  const receiver = await createReceiver({ answer: () => answer })
  closing.push(() => receiver.close())
  return receiver
}

const call = (url: string, more: Partial<OutboundCall> = {}) =>
  caller.call({
    ...{ method: 'GET', url, headers: {}, body: null, timeoutMs: 5_000, signal: new AbortController().signal },
    ...more,
  })

describe('a call', () => {
  it('sends method, headers and body, and gives the whole answer back', async () => {
    const body = 'x'.repeat(900_000)
    const receiver = await receiving({ status: 201, headers: { 'x-a': '1' }, body })
    const sent = { method: 'PATCH', headers: { 'x-b': '2' }, body: Buffer.from('abc') } as const
    const result = await call(`${receiver.url}/p?q=1`, sent)
    expect(result).toMatchObject({ status: 201, headers: { 'x-a': '1' } })
    expect((result as { body: Buffer }).body.toString()).toBe(body)
    expect(receiver.requests).toMatchObject([{ method: 'PATCH', path: '/p?q=1', headers: { 'x-b': '2' } }])
    expect(receiver.requests[0]!.body.toString()).toBe('abc')
  })

  it('uses a connection again, and another one when that was closed meanwhile', async () => {
    const receiver = await receiving({ status: 200, body: 'a' })
    for (let n = 0; n < 3; n++) expect(await call(receiver.url)).toMatchObject({ status: 200 })
    expect(receiver.connections()).toBe(1)
  })

  it.each(['HEAD', 'DELETE'] as const)('answers %s without a body', async method => {
    const receiver = await receiving({ status: 204 })
    expect(await call(receiver.url, { method })).toMatchObject({ status: 204, body: Buffer.alloc(0) })
  })

  it('follows no redirect', async () => {
    const target = await receiving({ status: 200 })
    const receiver = await receiving({ redirect: target.url })
    expect(await call(receiver.url)).toMatchObject({ status: expect.any(Number), headers: { location: target.url } })
    expect(target.requests).toEqual([])
  })

  it('to an address that the guard refuses does not begin', async () => {
    for (const url of ['http://10.0.0.1/', 'http://169.254.169.254/', 'ftp://127.0.0.1/', 'no url'])
      expect(await call(url)).toMatchObject({ errorKind: 'blocked_address' })
  })

  it.each([
    ['flood', 'too_large'],
    ['hang', 'timeout'],
    ['trickle', 'timeout'],
    ['reset', 'connect'],
    ['short', 'connect'],
  ] as const)('whose receiver would %s ends with %s', async (answer, errorKind) => {
    const receiver = await receiving(answer)
    expect(await call(receiver.url, { timeoutMs: answer === 'flood' ? 20_000 : 1_000 })).toMatchObject({ errorKind })
  })

  it('that is given up ends at once', async () => {
    const receiver = await receiving('hang')
    const controller = new AbortController()
    const result = call(receiver.url, { signal: controller.signal, timeoutMs: 60_000 })
    await receiver.received(1)
    controller.abort()
    expect(await result).toMatchObject({ errorKind: 'timeout' })
  })
})
