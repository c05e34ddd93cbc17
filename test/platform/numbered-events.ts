/** Numbered events for the webhooks of an organization, and what becomes of them. */
import { expect } from '@jest/globals'
import type { TestOrganization } from '../support/platform.ts'
import type { ReceivedRequest } from '../support/receiver.ts'

interface Hook {
  id: string
  secret: string
}

export const webhook = async (organization: TestOrganization, url: string, more: object = {}) =>
  (await organization.call<Hook>('POST', '/api/v1/webhooks', { url, events: ['platformxe.generic'], ...more })).data

export async function emit(
  organization: TestOrganization,
  first: number,
  count: number,
  subject?: (n: number) => string,
): Promise<void> {
  const items = Array.from({ length: count }, (_, at) => ({
    name: 'platformxe.generic',
    payload: { kind: 'numbered', data: { n: first + at } },
    ...(subject ? { subject: subject(first + at) } : {}),
  }))
  const answer = await organization.call<{ results: Array<{ status: number }> }>(
    'POST',
    '/api/v1/events/custom/emit/batch',
    { items },
  )
  expect(answer.data.results.every(result => result.status === 202)).toBe(true)
}

export const numberOf = ({ body }: ReceivedRequest) =>
  (JSON.parse(body.toString()) as { data: { data: { n: number } } }).data.data.n
export const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n)
