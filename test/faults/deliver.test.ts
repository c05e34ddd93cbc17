/** `deliver` under `kill -9`, with others joining and leaving, and with much at once: every attempt is made as said, and said as made. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.ts'
import { endParts } from '../support/run-directory.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const SCALE = { CLARION_TIME_SCALE: '0.001', CLARION_SHARDS: '8' }
let platform: TestPlatform
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  // Broker and ClickHouse stay behind when the whole platform is killed; what comes then delivers nothing by itself.
  const whole = await startPlatform({ env: SCALE })
  await whole.kill()
  platform = await startPlatform({ env: SCALE, dataDir: whole.dataDir, roles: 'api,admit,record' })
}, 120_000)
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined)
}, 60_000)
afterAll(async () => {
  await platform?.stop()
  await endParts(platform.dataDir)
}, 60_000)

interface Attempt {
  attemptId: string | null
  number: number
  state: string
  startedAt: string
  durationMs: number
  nextAttemptAt: string | null
}
interface Delivery {
  id: string
  status: string
  attempts: number
  sequence: number
}

/** One more process that delivers. */
async function deliverer(): Promise<TestPlatform> {
  const made = await startPlatform({ env: SCALE, dataDir: platform.dataDir, roles: 'deliver' })
  closing.push(() => made.stop())
  return made
}

async function receiver(answer: Parameters<Receiver['answerWith']>[0]): Promise<Receiver> {
  const made = await createReceiver({ answer })
  closing.push(() => made.close())
  return made
}

async function webhook(organization: TestOrganization, url: string, more: object = {}): Promise<string> {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], ...more })
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data.id
}

async function emit(
  organization: TestOrganization,
  count: number,
  subjectOf: (n: number) => string | undefined = () => undefined,
) {
  const items = Array.from({ length: count }, (_, n) => ({
    name: 'platformxe.generic',
    payload: { kind: 'k', data: { n } },
    subject: subjectOf(n),
  }))
  const answer = await organization.call<{ results: Array<{ status: number }> }>(
    'POST',
    '/api/v1/events/custom/emit/batch',
    { items },
  )
  expect(answer.data.results.filter(({ status }) => status !== 202)).toEqual([])
}

async function deliveriesOf(organization: TestOrganization, webhookId: string): Promise<Delivery[]> {
  const found: Delivery[] = []
  for (let cursor = ''; ; ) {
    const page = await organization.call<Delivery[]>(
      'GET',
      `/api/v1/webhooks/${webhookId}/deliveries?limit=100${cursor}`,
    )
    found.push(...page.data)
    const { nextCursor } = (page.body as { meta: { nextCursor: string | null } }).meta
    if (nextCursor === null) return found
    cursor = `&cursor=${nextCursor}`
  }
}

/** Asks until so many deliveries have succeeded. */
async function succeeded(organization: TestOrganization, webhookId: string, count: number): Promise<Delivery[]> {
  for (let tries = 0; ; tries++) {
    const list = await deliveriesOf(organization, webhookId)
    if (list.filter(({ status }) => status === 'success').length >= count || tries === patient(600)) return list
    await clock.sleep(100)
  }
}

const attemptsOf = async (organization: TestOrganization, { id }: Delivery) =>
  (await organization.call<Attempt[]>('GET', `/api/v1/webhooks/deliveries/${id}/attempts`)).data

/** The log numbers the attempts from 1 without a gap or a repetition, and none began before it was due. */
function expectExactLog(attempts: Attempt[]): void {
  expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, at) => at + 1))
  for (const [at, attempt] of attempts.entries()) {
    if (at > 0)
      expect(Date.parse(attempt.startedAt)).toBeGreaterThanOrEqual(Date.parse(attempts[at - 1]!.nextAttemptAt!))
  }
}

const idOf = (request: ReceivedRequest) => request.headers['x-delivery-id']!
const numberOf = (request: ReceivedRequest) => Number(request.headers['x-delivery-attempt'])

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

describe('others that join, leave and die', () => {
  it('change neither counts nor due times, and no subject is ever overtaken', async () => {
    const count = 240
    const organization = await platform.organization()
    const flaky = await receiver(() => ({ status: random.uniform() < 0.12 ? 500 : 200 }))
    const delays = [0, ...Array.from({ length: 7 }, () => '1m')]
    const plain = await receiver(request => ({ status: numberOf(request) === 1 ? 503 : 200 }))
    const ordered = await webhook(organization, flaky.url, { ordering: 'block', maxInFlight: 20, retry: { delays } })
    const counted = await webhook(organization, plain.url, { retry: { delays: [0, '5m', '5m'] } })
    await deliverer()
    const subject = () => `s${Math.floor(random.uniform() * 12)}`
    await emit(organization, count / 3, subject)
    const joining = await deliverer()
    await emit(organization, count / 3, subject)
    await joining.stop()
    const dying = await deliverer()
    await emit(organization, count / 3, subject)
    await dying.kill()

    const inOrder = await succeeded(organization, ordered, count)
    expect(inOrder.filter(({ status }) => status === 'success')).toHaveLength(count)
    const seen = new Map<string, number[]>()
    for (const { body } of flaky.requests) {
      const { subject: about, sequence } = JSON.parse(body.toString()) as { subject: string; sequence: number }
      seen.set(about, [...(seen.get(about) ?? []), sequence])
    }
    for (const [about, sequences] of seen)
      expect([about, sequences]).toEqual([about, sequences.toSorted((a, b) => a - b)])

    const retried = await succeeded(organization, counted, count)
    // A request in flight during a kill was repeated under its number; the log has each number once.
    expect(retried.filter(({ attempts, status }) => attempts !== 2 || status !== 'success').length).toBe(0)
    for (const delivery of retried.slice(0, 40)) expectExactLog(await attemptsOf(organization, delivery))
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
