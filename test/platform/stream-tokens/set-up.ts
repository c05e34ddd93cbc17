import { afterAll, beforeAll, expect } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { openStream, type StreamClient, type StreamOptions } from '../../support/stream-client.ts'

export let platform: TestPlatform
export const opened = new Set<{ close(): void }>()
export const GENERIC = 'platformxe.generic'
export const ORIGIN = 'https://app.example.test'

export const emit = async (organization: TestOrganization, kind = 'tick', data: object = {}) =>
  (
    await organization.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
      name: GENERIC,
      payload: { kind, data },
    })
  ).data.sequence

export interface Token {
  token: string
  openUntil: string
  expiresAt: string
}

export async function issue(organization: TestOrganization, more: object = {}): Promise<Token> {
  const made = await organization.call<Token>('POST', '/api/v1/events/stream-tokens', { types: ['*'], ...more })
  expect([made.status, made.body]).toEqual([201, expect.objectContaining({ success: true })])
  return made.data
}

export const urlOf = (query: Record<string, string>) =>
  `${platform.base}/api/v1/events/stream?${new URLSearchParams(query)}`

export async function stream(query: Record<string, string>, options: StreamOptions = {}): Promise<StreamClient> {
  const client = await openStream(urlOf(query), options)
  opened.add(client)
  return client
}

/** Starts the platform of the file. Call this once, at its top. */
export function useStreamTokens(): void {
  beforeAll(async () => {
    platform = await startPlatform()
  }, 120_000)
  afterAll(async () => {
    for (const each of opened) each.close()
    await platform?.stop()
  }, 60_000)
}
