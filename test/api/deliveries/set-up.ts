/** A platform whose time runs fast, with receivers, and its deliveries as a user sees them. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { type Answer, createReceiver, type ReceivedRequest } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'

export let platform: TestPlatform
const closing: Array<() => Promise<unknown>> = []

export interface Delivery {
  id: string
  status: string
  attempts: number
  maxAttempts: number
  trigger: string
  reason: string | null
  history: Array<{ attemptId: string | null; number: number; state: string }>
  [field: string]: unknown
}

export async function receiver(answer: (request: ReceivedRequest) => Answer) {
  const made = await createReceiver({ answer })
  closing.push(() => made.close())
  return made
}

export async function webhook(organization: TestOrganization, url: string, more: object = {}): Promise<string> {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], ...more })
  expect(made.status).toBe(201)
  return made.data.id
}

export const emit = (organization: TestOrganization, n: number) =>
  organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    name: 'platformxe.generic',
    payload: { kind: 'order', data: { n } },
  })

const listOf = async (organization: TestOrganization, webhookId: string) =>
  (await organization.call<Delivery[]>('GET', `/api/v1/webhooks/${webhookId}/deliveries`)).data

export const settled = (organization: TestOrganization, webhookId: string, status: string, count = 1) =>
  until(
    () => listOf(organization, webhookId),
    list => list.filter(delivery => delivery.status === status).length >= count,
  )

export const deliveryAt = (organization: TestOrganization, id: string) => async () =>
  (await organization.call<Delivery>('GET', `/api/v1/webhooks/deliveries/${id}`)).data

/** Starts the platform of the file. Call this once, at its top. */
export function useDeliveries(): void {
  beforeAll(async () => {
    platform = await startPlatform({ env: { CLARION_TIME_SCALE: '0.0005' } })
  }, 120_000)
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  afterAll(() => platform?.stop(), 60_000)
}
