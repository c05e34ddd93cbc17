/** Receivers that misbehave: the error kind in the log, and that no other receiver waits for them. */
import { describe, expect, it } from '@jest/globals'
import { createAddressGuard } from '../../../src/delivery/address-guard.ts'
import { createSender } from '../../../src/delivery/send.ts'
import { patient } from '../../support/patience.ts'
import { createRawReceiver } from '../../support/raw-receiver.ts'
import { type Answer, createReceiver } from '../../support/receiver.ts'
import { selfSigned } from '../../support/self-signed.ts'
import { clock } from './harness.ts'
import { times, useHarness } from './set-up.ts'

const { newStage, receiver, run, onEnd } = useHarness()

const never = new Promise<never>(() => undefined)

describe('a receiver', () => {
  it.each<[string, Answer, string, number | null]>([
    ['hangs', 'hang', 'timeout', null],
    ['answers too late', { late: never }, 'timeout', null],
    ['trickles the reason of a failure', { trickle: 500 }, 'timeout', 500],
    ['cuts the connection', 'reset', 'connect', null],
    ['explains a failure without end', { status: 500, body: 'x'.repeat(100_000) }, 'too_large', 500],
    ['redirects to a private address', { redirect: 'http://10.0.0.1/' }, 'redirect', 302],
    ['fails', { status: 503 }, 'status', 503],
  ])('that %s is recorded with its error kind, and tried again', async (_does, answer, errorKind, responseStatus) => {
    const stage = newStage()
    const { url } = await receiver(() => answer)
    stage.webhook('wh_1', url, { timeoutMs: 300, retryDelaysMs: [0, 60_000] })
    run(stage)
    await stage.publish(['wh_1'])
    const [row] = await stage.rows(1)
    expect(row).toMatchObject({ state: 'retrying', errorKind, responseStatus, number: 1 })
    expect(row!.durationMs).toBeLessThan(patient(5_000))
  })

  it.each<[string, Answer]>([
    ['trickles its answer', 'trickle'],
    ['lies about the length of its answer', 'short'],
    ['floods', 'flood'],
  ])('that %s after 2xx has the event, and is not sent it again', async (_does, answer) => {
    const stage = newStage()
    const { url } = await receiver(() => answer)
    stage.webhook('wh_1', url, { timeoutMs: 1_000, retryDelaysMs: [0, 60_000] })
    run(stage)
    await stage.publish(['wh_1'])
    const [row] = await stage.rows(1)
    expect(row).toMatchObject({ state: 'success', errorKind: null, error: null, responseStatus: 200, number: 1 })
  })

  it('that sends an unreadable answer is recorded with its error kind, and tried again', async () => {
    const stage = newStage()
    const raw = await createRawReceiver({
      answer: ({ socket }) => socket.write('HTTP/1.1 200 OK\nContent-Length: 0\n\n'),
    })
    onEnd(() => raw.close())
    stage.webhook('wh_1', raw.url, { retryDelaysMs: [0, 60_000] })
    run(stage)
    await stage.publish(['wh_1'])
    const [row] = await stage.rows(1)
    expect(row).toMatchObject({ state: 'retrying', errorKind: 'protocol', responseStatus: null, responseHeaders: null })
    expect(row!.error).toBe('The answer cannot be read as HTTP/1.1: Missing expected CR after response line.')
  })

  it('with a wrong certificate, a closed port or no address is recorded with its error kind', async () => {
    const stage = newStage()
    const secure = await receiver(() => ({ status: 200 }), { tls: selfSigned(['elsewhere.test'], clock.nowMs()) })
    const gone = await createReceiver()
    await gone.close()
    stage.webhook('wh_tls', secure.url)
    stage.webhook('wh_gone', gone.url)
    stage.webhook('wh_nowhere', 'https://nowhere.invalid/')
    stage.webhook('wh_private', 'http://10.0.0.1/')
    run(stage)
    await stage.publish(['wh_tls', 'wh_gone', 'wh_nowhere', 'wh_private'])
    const kinds = (await stage.rows(4)).map(({ webhookId, errorKind }) => [webhookId, errorKind])
    expect(Object.fromEntries(kinds)).toEqual({
      wh_tls: 'tls',
      wh_gone: 'connect',
      wh_nowhere: 'dns',
      wh_private: 'blocked_address',
    })
  })

  it('whose name leads to a private address at the next attempt is not reached there', async () => {
    const stage = newStage()
    const moved = await receiver(() => 'reset')
    const addresses = ['127.0.0.1', '10.0.0.1', '::ffff:10.0.0.1']
    const guard = createAddressGuard({
      allow: ['127.0.0.0/8'],
      allowHttp: true,
      ownAddresses: () => [],
      resolve: async () => {
        const address = addresses.shift() ?? '10.0.0.1'
        return [{ address, family: address.includes(':') ? 6 : 4 }]
      },
    })
    const sender = createSender({ guard, clock })
    onEnd(async () => sender.close())
    stage.webhook('wh_1', `http://moving.test:${moved.port}/`, { retryDelaysMs: [0, 1_000, 1_000] })
    run(stage, { sender, timeScale: 0.01 })
    await stage.publish(['wh_1'])
    expect((await stage.rows(3)).map(({ errorKind }) => errorKind)).toEqual([
      'connect',
      'blocked_address',
      'blocked_address',
    ])
    expect(moved.requests).toHaveLength(1)
  })

  it('that floods or trickles costs others neither slots nor memory', async () => {
    const stage = newStage()
    const floods = await receiver(() => 'flood')
    const trickles = await receiver(() => 'trickle')
    const good = await receiver(() => ({ status: 200 }))
    const hostile = times(60, at => `wh_${at}`)
    for (const [at, id] of hostile.entries())
      stage.webhook(id, at % 2 === 0 ? floods.url : trickles.url, { timeoutMs: 2_000 })
    stage.webhook('wh_good', good.url)
    run(stage)
    const before = process.memoryUsage().rss
    await stage.publish(...times(20, () => [...hostile, 'wh_good']))
    await good.received(20)
    const rows = await stage.rows(20 * 31)
    for (const row of rows) expect(row.responseBody?.length ?? 0).toBeLessThanOrEqual(4_096)
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(250)
  })
})
