/** `deliver` under `kill -9`, and with much at once (others joining and leaving: deliver.long.test.ts): every attempt is made as said, and said as made. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import {
  attemptsOf,
  clock,
  closing,
  deliverer,
  deliveriesOf,
  emit,
  expectExactLog,
  idOf,
  numberOf,
  platform,
  receiver,
  succeeded,
  webhook,
} from './deliverers.ts'

describe('kill -9 of the process that delivers', () => {
  it('before a request, in flight, after the answer and after the commit repeats only what was not committed, under its number', async () => {
    const organization = await platform.organization()
    let inFlight: () => void = () => undefined
    let answered: () => void = () => undefined
    let phase: 'hang' | 'die' | 'fail' | 'good' = 'hang'
    const endpoint = await receiver(() => {
      if (phase === 'hang') inFlight()
      if (phase === 'die') answered()
      return phase === 'hang' ? 'hang' : { status: phase === 'good' ? 200 : 500 }
    })
    const id = await webhook(organization, endpoint.url, { retry: { delays: [0, '1h', '1h', '1h', '1h', '1h'] } })

    // Before the request: emitted while no process delivers. In flight: killed while the receiver holds it.
    const holding = new Promise<void>(resolve => {
      inFlight = resolve
    })
    await emit(organization, 1)
    const first = await deliverer()
    await holding
    await first.kill()
    // After the answer, before the commit: killed by the receiver, in the moment in which it answers.
    phase = 'die'
    const second = await deliverer()
    const dead = new Promise<void>(resolve => {
      answered = () => resolve(second.kill())
    })
    await dead
    // After the commit: killed when the attempt is in the log.
    phase = 'fail'
    const third = await deliverer()
    for (
      let tries = 0;
      tries < patient(300) && (await deliveriesOf(organization, id))[0]?.status !== 'retrying';
      tries++
    )
      await clock.sleep(50)
    await third.kill()
    phase = 'good'
    await deliverer()

    const [delivery] = await succeeded(organization, id, 1)
    expect(delivery).toMatchObject({ status: 'success' })
    const attempts = await attemptsOf(organization, delivery!)
    expectExactLog(attempts)
    expect(attempts.at(-1)).toMatchObject({ state: 'success' })
    const numbers = endpoint.requests.map(numberOf)
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers)
    expect(new Set(endpoint.requests.map(idOf)).size).toBe(1)
    // In flight and unanswered, then answered and (as good as always) uncommitted: the first attempt was sent up to three times.
    expect(numbers.filter(number => number === 1).length).toBeGreaterThanOrEqual(2)
    expect(numbers.length - attempts.length).toBeLessThanOrEqual(3)
  }, 180_000)
})

describe('one event of 256 KB for 500 webhooks', () => {
  it('arrives everywhere, in bounded memory', async () => {
    const organization = await platform.organization()
    const got = new Map<string, number>()
    let done: () => void = () => undefined
    const all = new Promise<void>(resolve => {
      done = resolve
    })
    const server = createServer((request, response) => {
      let bytes = 0
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      request.on('end', () => {
        got.set(request.url!, bytes)
        response.writeHead(204).end()
        if (got.size === 500) done()
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closing.push(async () => {
      server.close()
      server.closeAllConnections()
    })
    const { port } = server.address() as AddressInfo
    const running = await deliverer()
    for (let at = 0; at < 500; at += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => webhook(organization, `http://127.0.0.1:${port}/${at + n}`)),
      )
    const before = peakMemoryMb(running.pid)
    const filler = 'x'.repeat(255 * 1024)
    await organization.call('POST', '/api/v1/events/custom/emit', {
      name: 'platformxe.generic',
      payload: { kind: 'k', data: { filler } },
    })
    await all
    expect(Math.min(...got.values())).toBeGreaterThan(255 * 1024)
    expect(peakMemoryMb(running.pid) - before).toBeLessThan(400)
  }, 180_000)
})

/** The most memory that the process has ever had. */
const peakMemoryMb = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
