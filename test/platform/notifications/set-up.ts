/** A platform with notification channels, in a time in which one minute of the schedule is 20 ms. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { type Answer, createReceiver, type ReceivedRequest } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'

export const ENV = { CLARION_TIME_SCALE: String(1 / 3_000) }
export const NOTIFICATIONS = '/api/v1/notifications'
export const CHANNELS = `${NOTIFICATIONS}/channels`
export const closing: Array<() => Promise<unknown>> = []
export let platform: TestPlatform

export async function receiver(answer?: (request: ReceivedRequest) => Answer) {
  const made = await createReceiver(answer ? { answer } : {})
  closing.push(() => made.close())
  return made
}

type Stored = Record<string, unknown> & { id: string; status: string; attempts: Array<Record<string, unknown>> }

export const ended = (organization: TestOrganization, id: string) =>
  until(
    async () => (await organization.call<Stored>('GET', `${NOTIFICATIONS}/${id}`)).data,
    found => found !== undefined && found.status !== 'queued',
  )

export const list = async (organization: TestOrganization, query = '') =>
  (await organization.call<Stored[]>('GET', `${NOTIFICATIONS}?limit=100${query}`)).data

export const settled = (organization: TestOrganization, count: number, query = '') =>
  until(
    () => list(organization, query),
    found => found.length >= count && found.every(({ status }) => status !== 'queued'),
  )

export async function channel(
  organization: TestOrganization,
  body: Record<string, unknown>,
): Promise<Stored & { secret?: string }> {
  const made = await organization.call<Stored & { secret?: string }>('POST', CHANNELS, body)
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data
}

export async function send(organization: TestOrganization, body: Record<string, unknown>): Promise<Stored> {
  const sent = await organization.call<Stored>('POST', NOTIFICATIONS, body)
  expect([sent.status, sent.code]).toEqual([202, undefined])
  return sent.data
}

export const mailsTo = (address: string): string[] => {
  const mailbox = join(platform.dataDir, 'mailbox')
  if (!existsSync(mailbox)) return []
  return readdirSync(mailbox)
    .filter(name => name.endsWith('.eml'))
    .map(name => readFileSync(join(mailbox, name), 'utf8'))
    .filter(text => text.includes(address))
}

export const json = ({ body }: ReceivedRequest) => JSON.parse(body.toString()) as Record<string, unknown>

/** Starts the platform of the file. Call this once, at its top. */
export function useNotifications(): void {
  beforeAll(async () => {
    platform = await startPlatform({ env: ENV })
  }, 120_000)
  afterAll(async () => {
    for (const close of closing.splice(0)) await close()
    await platform?.stop()
  }, 60_000)
}
