/** The API over logs that the test writes itself, and pulls of their events. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import type { Owner } from '../../../src/model/environments.ts'
import { logOf } from '../../../src/streaming/streaming.ts'
import { openTestApi, type Reply, type TestApi } from '../../api/api-harness.ts'
import { createClient } from '../../support/kafkajs-client.ts'
import { type LogWriter, type NewEvent, openLogWriter } from '../log-writer.ts'

export type Organization = Awaited<ReturnType<TestApi['organization']>>

export let api: TestApi
export let writer: LogWriter

let admin: ReturnType<ReturnType<typeof createClient>['admin']>

export const live = ({ id }: Organization): Owner => ({ organizationId: id, environment: 'live' })

export const many = (count: number, more: NewEvent = {}): NewEvent[] =>
  Array.from({ length: count }, () => ({ ...more }))

export const pull = (
  organization: Pick<Organization, 'call'>,
  query: Record<string, string | number>,
): Promise<Reply> => organization.call('GET', `/api/v1/events?${new URLSearchParams(query as Record<string, string>)}`)

export const numbers = ({ data }: Reply): number[] =>
  (data as Array<{ sequence: number }>).map(({ sequence }) => sequence)

export const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

export async function untilWaiting(pulls: number) {
  while (api.streaming.pulls.waiting < pulls) await new Promise(resolve => setImmediate(resolve))
}

/** As retention does. */
export async function deleteBefore(organization: Organization, offset: number) {
  const { topic } = logOf(live(organization))
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
}

/** Follows `nextCursor` to the end. */
export async function readAll(organization: Organization, query: Record<string, string | number>) {
  const found: number[] = []
  for (let next: Record<string, string | number> = query, pages = 0; pages < 500; pages++) {
    const page = await pull(organization, next)
    expect([page.status, page.code]).toEqual([200, undefined])
    expect(page.meta.nextCursor).toEqual(expect.any(String))
    found.push(...numbers(page))
    if (page.meta.atEnd) return { found, pages, cursor: page.meta.nextCursor! }
    const { from: _, ...rest } = query
    next = { ...rest, cursor: page.meta.nextCursor! }
  }
  throw new Error('the end was never reached')
}

/** Opens the API of the file. Call this once, at its top. */
export function usePulls(): void {
  beforeAll(async () => {
    api = await openTestApi()
    writer = await openLogWriter(api.kafka)
    admin = createClient(api.kafka).admin()
    await admin.connect()
  }, 60_000)
  afterAll(async () => {
    await admin?.disconnect()
    await writer?.close()
    await api?.close()
  })
}
