/** A platform for the file that imports this, in which nothing delivers until a test starts a process that does. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.ts'
import { endParts } from '../support/run-directory.ts'

export const clock = createSystemClock()
export const random = createSystemRandom()
const SCALE = { CLARION_TIME_SCALE: '0.001', CLARION_SHARDS: '8' }
export let platform: TestPlatform
export const closing: Array<() => Promise<unknown>> = []
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
export async function deliverer(): Promise<TestPlatform> {
  const made = await startPlatform({ env: SCALE, dataDir: platform.dataDir, roles: 'deliver' })
  closing.push(() => made.stop())
  return made
}

export async function receiver(answer: Parameters<Receiver['answerWith']>[0]): Promise<Receiver> {
  const made = await createReceiver({ answer })
  closing.push(() => made.close())
  return made
}

export async function webhook(organization: TestOrganization, url: string, more: object = {}): Promise<string> {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], ...more })
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data.id
}

export async function emit(
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

export async function deliveriesOf(organization: TestOrganization, webhookId: string): Promise<Delivery[]> {
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
export async function succeeded(organization: TestOrganization, webhookId: string, count: number): Promise<Delivery[]> {
  for (let tries = 0; ; tries++) {
    const list = await deliveriesOf(organization, webhookId)
    if (list.filter(({ status }) => status === 'success').length >= count || tries === patient(600)) return list
    await clock.sleep(100)
  }
}

export const attemptsOf = async (organization: TestOrganization, { id }: Delivery) =>
  (await organization.call<Attempt[]>('GET', `/api/v1/webhooks/deliveries/${id}/attempts`)).data

/** The log numbers the attempts from 1 without a gap or a repetition, and none began before it was due. */
export function expectExactLog(attempts: Attempt[]): void {
  expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, at) => at + 1))
  for (const [at, attempt] of attempts.entries()) {
    if (at > 0)
      expect(Date.parse(attempt.startedAt)).toBeGreaterThanOrEqual(Date.parse(attempts[at - 1]!.nextAttemptAt!))
  }
}

export const idOf = (request: ReceivedRequest) => request.headers['x-delivery-id']!
export const numberOf = (request: ReceivedRequest) => Number(request.headers['x-delivery-attempt'])
