/** Replays of numbered events, and what becomes of them. */
import { expect } from '@jest/globals'
import type { TestOrganization } from '../support/platform.ts'
import type { ReceivedRequest } from '../support/receiver.ts'
import { until } from '../support/until.ts'

interface Progress {
  matched: number | null
  processed: number
  succeeded: number
  failed: number
  skipped: number
}
interface Shown {
  id: string
  state: string
  stateReason: string | null
  progress: Progress
  targets: Array<{ kind: string; id: string; state: string; stateReason: string | null; progress: Progress }>
}
interface Item {
  id: string | null
  target: { kind: string; id: string }
  outcome: string
  reason: string | null
  eventId: string
  sequence: number
}

export const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n)
export const numberOf = ({ body }: ReceivedRequest) =>
  (JSON.parse(body.toString()) as { data: { data: { n: number } } }).data.data.n

export async function hook(organization: TestOrganization, url: string, more: object = {}): Promise<string> {
  const body = { url, events: ['platformxe.generic'], ...more }
  return (await organization.call<{ id: string }>('POST', '/api/v1/webhooks', body)).data.id
}

export async function emit(organization: TestOrganization, count: number): Promise<string[]> {
  const items = range(0, count).map(n => ({
    name: 'platformxe.generic',
    payload: { kind: 'numbered', data: { n } },
    subject: `s${n % 7}`,
  }))
  const { data } = await organization.call<{
    results: Array<{ status: number; data?: { eventId: string }; eventId?: string }>
  }>('POST', '/api/v1/events/custom/emit/batch', { items })
  expect(data.results.every(({ status }) => status === 202)).toBe(true)
  return data.results.map(result => (result.eventId ?? result.data?.eventId)!)
}

export async function replay(organization: TestOrganization, body: object): Promise<Shown> {
  const { status, data, body: whole } = await organization.call<Shown>('POST', '/api/v1/replays', body)
  if (status !== 202) throw new Error(JSON.stringify(whole))
  return data
}

export const get = async (organization: TestOrganization, id: string) =>
  (await organization.call<Shown>('GET', `/api/v1/replays/${id}`)).data

/** Its end, with the figures of the history. */
export const ended = (organization: TestOrganization, { id }: Shown) =>
  until(
    () => get(organization, id),
    ({ state, progress }) =>
      !['running', 'cancelling'].includes(state) && progress.processed >= (progress.matched ?? 0),
  )

export async function itemsOf(organization: TestOrganization, { id }: Shown): Promise<Item[]> {
  return (await organization.call<Item[]>('GET', `/api/v1/replays/${id}/items?limit=100`)).data
}
