import { afterAll, beforeAll, expect } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { untilFound } from '../../support/until.ts'

export let platform: TestPlatform

export let receiver: Receiver

beforeAll(async () => {
  platform = await sharedPlatform()
  receiver = await createReceiver()
}, 120_000)

afterAll(() => receiver?.close())

export interface Run {
  id: string
  status: string
  error: { code: string } | null
  steps: Array<{ path: string; status: string; attempts: number; input: unknown; output: Record<string, unknown> }>
  [field: string]: unknown
}

export async function deployed(organization: TestOrganization, event: string, definition: object, more: object = {}) {
  const trigger = event === '' ? { kind: 'manual' } : { kind: 'event', event }
  const made = await organization.call<{ id: string }>('POST', '/api/v1/workflows', {
    ...{ name: 'W', trigger, definition: { language: 1, ...definition } },
    ...more,
  })
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  const live = await organization.call('POST', `/api/v1/workflows/${made.data.id}/deploy`)
  expect([live.status, live.body]).toEqual([200, expect.anything()])
  return made.data.id
}

export const emit = (organization: TestOrganization, kind: string, data: object) =>
  organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    ...{ name: 'platformxe.generic', payload: { kind, data } },
  })

/** Its owner answers so many looks a second, and the history has it later. */
export const runOf = async (organization: TestOrganization, id: string): Promise<Run | false> =>
  (await organization.call<Run>('GET', `/api/v1/workflows/runs/${id}`)).data ?? false

/** The runs of a workflow once all that were asked for have ended, oldest first, with their steps. */
export async function ended(organization: TestOrganization, workflowId: string, count: number): Promise<Run[]> {
  const path = `/api/v1/workflows/${workflowId}/runs?limit=100`
  const found = await untilFound(`${count} runs have ended`, async () => {
    const { data } = await organization.call<Run[]>('GET', path)
    return (
      data.length >= count && data.every(({ status }) => !['queued', 'running', 'waiting'].includes(status)) && data
    )
  })
  const runs = found.map(({ id }) => untilFound(`the run ${id} is read`, () => runOf(organization, id)))
  return (await Promise.all(runs)).reverse()
}
