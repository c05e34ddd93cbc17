/** Clients of streams that are cut at any byte, by a seed, and resume where they were. */
import { expect } from '@jest/globals'
import type { TestOrganization } from '../support/platform.ts'
import { type Frame, isEvent, openStream, type StreamClient, type StreamOptions } from '../support/stream-client.ts'

/** Open ones; a test file closes them at its end. */
export const clients = new Set<StreamClient>()

const GENERIC = 'platformxe.generic'
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
export const isOfType = (event: string) => (frame: Frame) => frame.event === event

/** As a producer does: what a broker that is away, or a burst, refuses is emitted again. */
export async function emit(organization: TestOrganization, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const items = range(1, Math.min(left, 100)).map(at => ({ name: GENERIC, payload: { kind: 'k', data: { at } } }))
    const { status, body } = await organization.call('POST', '/api/v1/events/custom/emit/batch', { items })
    expect(status).toBe(200)
    const { results } = (body as unknown as { data: { results: Array<{ status: number }> } }).data
    expect(results.filter(one => one.status >= 300 && one.status !== 503)).toEqual([])
    left -= results.filter(one => one.status < 300).length
  }
}

export async function stream(
  base: string,
  { apiKey: key }: { apiKey: string },
  query: Record<string, string> = {},
  options: StreamOptions = {},
): Promise<StreamClient> {
  const url = `${base}/api/v1/events/stream?${new URLSearchParams({ types: '*', ...query })}`
  const client = await openStream(url, { key, ...options })
  clients.add(client)
  return client
}

/** A reader that a test cuts again and again, as a careful client would be. */
function createResuming(organization: TestOrganization, bases: string[], cutAtBytes: () => number) {
  const seen: number[] = []
  let last: string | undefined
  let cuts = 0
  return {
    seen,
    get cuts() {
      return cuts
    },
    async read(total: number): Promise<void> {
      while (seen.at(-1) !== total) {
        const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last }
        const base = bases[cuts % bases.length]!
        const client = await stream(base, organization, { from: 'earliest' }, { headers, cutAtBytes: cutAtBytes() })
        expect(client.status).toBe(200)
        // The last events may be less than what the client would be cut at.
        const isLast = (frame: Frame) => isEvent(frame) && frame.data.sequence === total
        await Promise.race([client.ended, client.until(isLast).catch(() => undefined)])
        client.close()
        clients.delete(client)
        for (const { event, id, data } of client.frames) {
          if (!['ready', 'position', 'end'].includes(event)) seen.push(data.sequence)
          last = id
        }
        cuts++
      }
    },
  }
}

/** A small generator with a seed: a failure comes again. */
function createChance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

/** Five clients that read so many events over these processes in turn see each once, in order. Resolves with how often they were cut. */
export async function cutAgainAndAgain(
  organization: TestOrganization,
  bases: string[],
  total: number,
): Promise<number> {
  const chance = createChance(20_260_725)
  const cutAt = () => 600 + Math.floor(chance() * 2_600)
  const all = range(1, 5).map(() => createResuming(organization, bases, cutAt))
  const reading = all.map(each => each.read(total))
  await emit(organization, total)
  await Promise.all(reading)
  // A frame that has come whole is resumed behind: nothing comes twice.
  for (const { seen } of all) expect(seen).toEqual(range(1, total))
  return all.reduce((sum, { cuts }) => sum + cuts, 0)
}
