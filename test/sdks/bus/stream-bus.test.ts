/** The bus over the platform's stream: the contract, a kill, a restart of the platform, and refusals. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { type ContractSubject, describeContract } from '../../../sdks/bus/src/contract/index.ts'
import {
  type BusError,
  type Event,
  FileCursorStore,
  MemoryCursorStore,
  newEvent,
  StreamBus,
  type StreamBusOptions,
} from '../../../sdks/bus/src/index.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { startReader } from './reader-child.ts'

const GENERIC = 'platformxe.generic'
const directory = mkdtempSync(join(tmpdir(), 'clarion-bus-'))
const opened: StreamBus[] = []
let platform: TestPlatform
let organization: TestOrganization
beforeAll(async () => {
  platform = await startPlatform()
  organization = await platform.organization('ENTERPRISE')
  for (const name of ['first', 'second', 'third']) {
    const payloadSchema = { type: 'object', properties: { marker: { type: 'string' } } }
    const registration = { namespace: organization.slug, name, version: '1.0.0', status: 'published', payloadSchema }
    expect((await organization.call('POST', '/api/v1/events/custom', registration)).status).toBe(201)
  }
}, 120_000)
afterEach(async () => {
  await Promise.all(opened.splice(0).map(bus => bus.close()))
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await platform?.stop()
}, 60_000)

function open({ apiKey }: { apiKey: string }, more: Partial<StreamBusOptions> = {}): StreamBus {
  const bus = new StreamBus({ url: platform.base, apiKey, ...more })
  opened.push(bus)
  return bus
}
const marked = (kind: string, subject: string | null = null) =>
  newEvent(GENERIC).withSubject(subject).withPayload({ kind })
const kindOf = ({ payload }: Event): string => (payload as { kind: string }).kind

/** What the bus sees, and what it says is wrong. */
function watch(bus: StreamBus, act: (event: Event) => void | Promise<void> = () => undefined) {
  const [seen, errors]: [string[], BusError[]] = [[], []]
  bus.on('error', error => void errors.push(error as BusError))
  bus.subscribe(async event => {
    await act(event)
    seen.push(kindOf(event))
  })
  return { seen, errors }
}

describe('by the contract', () => {
  const places = new Map<string, MemoryCursorStore>()
  const placeOf = (reader: string): MemoryCursorStore => {
    const place = places.get(reader) ?? new MemoryCursorStore()
    places.set(reader, place)
    return place
  }
  const subject: ContractSubject = {
    open: ({ reader, ...settings }) => open(organization, { cursors: placeOf(reader), ...settings }),
    failures: 'dead-letter',
    isDurable: true,
    // Known when the platform runs.
    get types() {
      const { slug } = organization
      return [`${slug}.first`, `${slug}.second`, `${slug}.third`] as const
    },
  }
  describeContract('StreamBus', subject, { describe, it })
})

describe('publishing', () => {
  it('ends with the verdict: what is refused says why, and a repetition of an event is the same event', async () => {
    const own = await platform.organization('PRO')
    const bus = open(own)
    const { seen } = watch(bus)
    await expect(bus.publish(newEvent(GENERIC).withPayload({ noKind: true }))).rejects.toMatchObject({
      code: 'event_refused',
      reason: 'payload_invalid',
      message: expect.stringContaining('kind'),
    })
    await expect(bus.publish(newEvent('nobody.knows'))).rejects.toMatchObject({ code: 'event_refused' })
    const event = marked('twice')
    await bus.publish(event)
    await bus.publish(event)
    await bus.publish(marked('last'))
    await until(() => seen.includes('last'), Boolean)
    expect(seen).toEqual(['twice', 'last'])
  })

  it('keeps the order of a subject, and is refused in time where nobody answers', async () => {
    const own = await platform.organization('ENTERPRISE')
    const bus = open(own)
    const { seen } = watch(bus)
    const kinds = Array.from({ length: 60 }, (_, n) => `k${n}`)
    await Promise.all(kinds.map((kind, n) => bus.publish(marked(kind, `subject ${n % 3}`))))
    await until(() => seen.length, length => length === kinds.length) // biome-ignore format: one thought
    for (let subject = 0; subject < 3; subject++) {
      const ofSubject = (list: string[]) => list.filter(kind => Number(kind.slice(1)) % 3 === subject)
      expect(ofSubject(seen)).toEqual(ofSubject(kinds))
    }
    const nobody = new StreamBus({ url: 'http://127.0.0.1:1', apiKey: 'ck_live_x' })
    await expect(nobody.publish(marked('k'))).rejects.toMatchObject({ code: 'bus_unavailable' })
    await nobody.close()
  })
})

describe('a reader that is killed', () => {
  it('repeats what was not finished and skips nothing: the next one goes on at the place in the file', async () => {
    const own = await platform.organization('ENTERPRISE')
    const settings = { url: platform.base, apiKey: own.apiKey, file: join(directory, 'killed'), handlerMs: 5 }
    const kinds = Array.from({ length: 400 }, (_, n) => `k${n}`)
    const items = kinds.map((kind, n) => ({ name: GENERIC, payload: { kind }, subject: `subject ${n % 20}` }))
    expect((await own.call('POST', '/api/v1/events/custom/emit/batch', { items })).status).toBeLessThan(300)
    const first = startReader('stream-process.ts', settings)
    await until(() => first.ended().length, count => count >= 100) // biome-ignore format: one thought
    first.child.kill('SIGKILL')
    await first.exited
    const second = startReader('stream-process.ts', settings)
    await until(() => new Set([...first.ended(), ...second.ended()]).size, size => size === kinds.length) // biome-ignore format: one thought
    second.child.kill('SIGTERM')
    await second.exited
    const all = [...first.ended(), ...second.ended()]
    expect([...new Set(all)].sort()).toEqual([...kinds].sort())
    const unfinished = first.begun().filter(kind => !first.ended().includes(kind))
    expect(second.ended()).toEqual(expect.arrayContaining(unfinished))
    for (let subject = 0; subject < 20; subject++) {
      const ofSubject = (list: string[]) => list.filter(kind => Number(kind.slice(1)) % 20 === subject)
      expect(ofSubject([...new Set(all)])).toEqual(ofSubject(kinds))
    }
    const third = startReader('stream-process.ts', settings)
    await until(() => third.output().includes('ready'), Boolean)
    await open(own).publish(marked('last'))
    await until(() => third.ended().includes('last'), Boolean)
    expect(third.begun()).toEqual(['last'])
  }, 120_000)
})

describe('reading', () => {
  it('takes 1,000 unfinished events of a slow subject and no more, and goes on when they are done', async () => {
    const own = await platform.organization('ENTERPRISE')
    const bus = open(own)
    const leaving = Promise.withResolvers<void>()
    const { seen } = watch(bus, () => leaving.promise)
    await bus.ready()
    const kinds = Array.from({ length: 1_400 }, (_, n) => `k${n}`)
    for (const from of [0, 700]) {
      const items = kinds.slice(from, from + 700).map(kind => ({ name: GENERIC, payload: { kind }, subject: 'slow' }))
      await own.call('POST', '/api/v1/events/custom/emit/batch', { items })
    }
    const other = watch(open(own, { from: 'earliest' }))
    await until(() => other.seen.length, length => length === 1_400) // biome-ignore format: one thought
    expect(kindOf(bus.recent(1)[0]!)).toBe('k999')
    leaving.resolve()
    await until(() => seen.length, length => length === 1_400) // biome-ignore format: one thought
    expect(seen).toEqual(kinds)
  }, 60_000)

  it('ends for good, with the platform’s code, for a place that is none and for a key that is deleted', async () => {
    const own = await platform.organization('PRO')
    const file = join(directory, 'broken')
    writeFileSync(file, 'no cursor\n')
    const broken = open(own, { cursors: new FileCursorStore(file) })
    const { errors } = watch(broken)
    await broken.ready()
    expect(errors).toMatchObject([{ code: 'reading_refused', reason: 'invalid_cursor' }])
    const scopes = ['events:emit', 'events:read', 'events:payload']
    const key = await own.call<{ apiKey: string; key: { id: string } }>('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes }) // biome-ignore format: one thought
    const bus = open({ apiKey: key.data.apiKey })
    const refused = watch(bus)
    await bus.publish(marked('before'))
    await until(() => refused.seen.includes('before'), Boolean)
    await own.call('DELETE', `/api/v1/keys/${key.data.key.id}`)
    await until(() => refused.errors.length, Boolean)
    expect(refused.errors).toMatchObject([{ code: 'reading_refused' }])
    await expect(bus.publish(marked('after'))).rejects.toMatchObject({ code: 'event_refused' })
  })

  it('goes on where it was when the platform is back, and nothing is missing or seen twice', async () => {
    const own = await platform.organization('PRO')
    const bus = open(own)
    const { seen } = watch(bus)
    await bus.publish(marked('before', 's'))
    await until(() => seen.includes('before'), Boolean)
    await platform.stop()
    platform = await startPlatform({ dataDir: platform.dataDir, port: Number(new URL(platform.base).port) })
    const emitted = await own.call('POST', '/api/v1/events/custom/emit', { name: GENERIC, payload: { kind: 'while it was away' }, subject: 's' }) // biome-ignore format: one thought
    expect(emitted.status).toBeLessThan(300)
    await bus.publish(marked('after', 's'))
    await until(() => seen.includes('after'), Boolean)
    expect(seen).toEqual(['before', 'while it was away', 'after'])
  }, 120_000)
})
