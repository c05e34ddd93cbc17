/** A platform whose events are streamed, and its clients. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { type Frame, isEvent, openStream, type StreamClient, type StreamOptions } from '../../support/stream-client.ts'
import { until } from '../../support/until.ts'

export let platform: TestPlatform

const clients = new Set<StreamClient>()

export const GENERIC = 'platformxe.generic'

/** Emits generic events one after the other, and answers their sequence numbers. */
export async function emit(
  organization: TestOrganization,
  count: number,
  data: object = {},
  kind = 'tick',
): Promise<number[]> {
  const items = Array.from({ length: count }, (_, at) => ({ name: GENERIC, payload: { kind, data: { at, ...data } } }))
  const sequences: number[] = []
  for (let from = 0; from < items.length; from += 100) {
    const made = await organization.call<{ results: Array<{ sequence: number; status: number }> }>(
      'POST',
      '/api/v1/events/custom/emit/batch',
      { items: items.slice(from, from + 100) },
    )
    expect(made.status).toBe(200)
    expect(made.data.results.filter(({ status }) => status >= 300)).toEqual([])
    sequences.push(...made.data.results.map(({ sequence }) => sequence))
  }
  return sequences
}

export async function stream(
  organization: Pick<TestOrganization, 'apiKey'> | undefined,
  query: Record<string, string> = {},
  options: StreamOptions = {},
): Promise<StreamClient> {
  const url = `${platform.base}/api/v1/events/stream?${new URLSearchParams({ ...(query.token ? {} : { types: '*' }), ...query })}`
  // 503 while the topics of a new organization are being made.
  const client = await until(
    () => openStream(url, { key: organization?.apiKey, ...options }),
    ({ status }) => status !== 503,
  )
  clients.add(client)
  return client
}

export const numbersOf = (frames: readonly Frame[]): number[] => frames.filter(isEvent).map(({ data }) => data.sequence)

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

export const isOfType = (event: string) => (frame: Frame) => frame.event === event

/** Starts the platform of the file. Call this once, at its top. */
export function useStreams(): void {
  beforeAll(async () => {
    platform = await startPlatform()
  }, 120_000)
  afterAll(async () => {
    for (const client of clients) client.close()
    await platform?.stop()
  }, 60_000)
}
