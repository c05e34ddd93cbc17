/** Ring, window, end of a finite read, frames, tokens and presence, each by itself. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { signingKeys } from '../../../src/crypto/signing-key.ts'
import type { LogRecord, OutRecord } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import { createIds } from '../../../src/model/ids.ts'
import { framesOf, oneLine, webSocketFrames } from '../../../src/streaming/hub/frames.ts'
import { createPresence } from '../../../src/streaming/hub/presence.ts'
import { createRings } from '../../../src/streaming/hub/ring.ts'
import { createStreamTokens } from '../../../src/streaming/hub/tokens.ts'
import { createUntil } from '../../../src/streaming/hub/until.ts'
import { createWindow } from '../../../src/streaming/hub/window.ts'
import { type OpenStream, presenceKeys, streamsPresence } from '../../../topics/streams-presence.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'

const recordAt = (offset: number, sizeBytes = 100) =>
  ({
    topic: 'events.org_1',
    partition: 0,
    offset,
    sizeBytes,
    headers: {},
    timestampMs: 0,
    key: null,
    value: null,
  }) as LogRecord

describe('a ring', () => {
  it('has a page without a hole, or none', () => {
    const sizes = fc.array(fc.record({ records: fc.integer({ min: 0, max: 5 }), gap: fc.boolean() }), { maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 400 }), (batches, from) => {
        const rings = createRings({ logBytesMax: 40_000, bytesMax: 60_000 })
        const [ring, other] = [rings.of('a'), rings.of('b')]
        let next = 0
        for (const { records, gap } of batches) {
          if (gap) next += 10
          const start = next
          const batch = Array.from({ length: records }, () => recordAt(next++))
          ring.add(0, start, batch, ++next)
          other.add(0, start, batch, next)
          expect(rings.bytes).toBeLessThanOrEqual(60_000)
        }
        for (let at = from; ; ) {
          const page = ring.read(0, at)
          if (page === undefined) break
          expect(page.nextOffset).toBeGreaterThan(at)
          for (const { offset } of page.records) expect(offset >= at && offset < page.nextOffset).toBe(true)
          at = page.nextOffset
        }
        ring.clear()
        other.clear()
        expect(rings.bytes).toBe(0)
      }),
    )
  })
})

describe('a window', () => {
  it('is full with so many, and opens up to the cursor that is acknowledged', () => {
    const window = createWindow(2)
    window.add('a')
    window.add('b')
    expect([window.isFull(), window.acknowledge('x'), window.isFull()]).toEqual([true, false, true])
    expect([window.acknowledge('a'), window.isFull(), window.acknowledge('a')]).toEqual([true, false, false])
    const none = createWindow(undefined)
    none.add('a')
    expect(none.isFull()).toBe(false)
  })
})

describe('the end of a finite read', () => {
  const clock = createManualClock(1_000_000)
  it('at a cursor closes partitions that the cursor does not know', () => {
    const until = createUntil({ offsets: [5n, 3n] }, clock)
    expect([until.isOpen(0), until.isOpen(1), until.isOpen(2)]).toEqual([true, true, false])
    expect([until.ends(0, recordAt(4)), until.ends(0, recordAt(5)), until.isOpen(0)]).toEqual([false, true, false])
    expect([until.isReached([5, 2, 9]), until.isReached([4, 3, 0])]).toEqual([false, true])
  })
  it('at a time closes a partition with its first record at or past it', () => {
    const until = createUntil({ timeMs: 1_000_500 }, clock)
    const at = (timestampMs: number) => ({ ...recordAt(1), timestampMs })
    expect([until.ends(0, at(1_000_499)), until.isDue()]).toEqual([false, false])
    expect([until.ends(0, at(1_000_500)), until.isReached([7])]).toEqual([true, true])
    clock.advance(2_500)
    expect(until.isDue()).toBe(true)
  })
})

describe('frames', () => {
  it('keep the meaning of any JSON in one line', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t', '\r\n'), (value, indent) => {
        const text = JSON.stringify(value, null, indent === '\r\n' ? 2 : indent).replaceAll(
          '\n',
          indent === '\r\n' ? '\r\n' : '\n',
        )
        const line = oneLine(Buffer.from(text)).toString()
        expect(line).not.toMatch(/[\r\n]/)
        expect(JSON.parse(line)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('of each transport are what its readers parse', () => {
    const envelope = Buffer.from('{"id":"evt_1","data":"ä"}')
    expect(framesOf('sse').event('C', 'a.b', envelope).toString()).toBe(
      'id: C\nevent: a.b\ndata: {"id":"evt_1","data":"ä"}\n\n',
    )
    expect(framesOf('ndjson').event('C', 'a.b', envelope).toString()).toBe(
      '{"type":"event","cursor":"C","event":{"id":"evt_1","data":"ä"}}\n',
    )
    expect(JSON.parse(webSocketFrames('a"b').event('C', 'a.b', envelope).toString())).toEqual({
      ...{ type: 'event', id: 'a"b', cursor: 'C', event: { id: 'evt_1', data: 'ä' } },
    })
    const end = { type: 'end', cursor: 'C', facts: { reason: 'server_drain' }, retryMs: 700 } as const
    expect(framesOf('sse').notice(end).toString()).toBe(
      'id: C\nevent: end\nretry: 700\ndata: {"cursor":"C","reason":"server_drain"}\n\n',
    )
  })
})

describe('tokens', () => {
  const random = { bytes: (length: number) => Buffer.alloc(length, 7), uniform: () => 0.5 }
  const open = (secret = 'a'.repeat(40), previous?: string) => {
    const clock = createManualClock(1_785_000_000_000)
    const keys = signingKeys(secret, previous, 'stream-tokens')
    return { clock, tokens: createStreamTokens({ keys, clock, ids: createIds({ clock, random }) }) }
  }
  const wanted = {
    organizationId: 'org_1',
    environment: 'live' as const,
    keyId: 'key_1',
    types: '*',
    allowedOrigins: [],
  }

  it('survive a change of the secret key, and are of one installation', () => {
    const { token } = open().tokens.issue({ ...wanted, ttlSeconds: 60 })
    expect(open('b'.repeat(40), 'a'.repeat(40)).tokens.read(token)).toMatchObject(wanted)
    expect(() => open('b'.repeat(40)).tokens.read(token)).toThrow('not known')
  })

  it('with any character changed are not known', () => {
    const { tokens } = open()
    const { token } = tokens.issue({ ...wanted, ttlSeconds: 60 })
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '0', '.', '~'), (at, character) => {
        fc.pre(token[at] !== character)
        expect(() => tokens.read(token.slice(0, at) + character + token.slice(at + 1))).toThrow('not known')
      }),
    )
  })

  it('open for a minute, and resume with their own tag until they expire', () => {
    const { tokens, clock } = open()
    const one = tokens.read(tokens.issue({ ...wanted, ttlSeconds: 3_600 }).token)
    const other = { ...one, id: `${one.id}x` }
    clock.advance(59_999)
    tokens.checkOpening(one, 'latest')
    clock.advance(2)
    expect(() => tokens.checkOpening(one, 'latest')).toThrow('opens streams for a minute only')
    expect(() => tokens.checkOpening(one, `cursor${tokens.tagOf(other)}`)).toThrow('opens streams for a minute only')
    tokens.checkOpening(one, `cursor${tokens.tagOf(one)}`)
  })
})

describe('presence', () => {
  const stream = {
    id: 'str_1',
    keyId: 'key_1',
    environment: 'live',
    client: null,
    transport: 'sse',
    types: ['*'],
    openedAtMs: 0,
    behindEvents: 0,
    unsentBytes: 0,
  } as OpenStream
  function open() {
    const clock = createManualClock(1_785_000_000_000)
    const written: OutRecord[] = []
    const ended: string[] = []
    let own: OpenStream[] = []
    const presence = createPresence({
      ...{ processId: 'api_1', clock, logger: createLogger('silent') },
      appender: {
        async append(record) {
          written.push(record)
          return { offset: 0, timestampMs: 0 }
        },
        close: async () => undefined,
      },
      streamsOf: () => own,
      onEnd: (organizationId, id) => ended.push(`${organizationId}/${id}`),
      onOthers: () => undefined,
    })
    const hold = (streams: OpenStream[]) => {
      own = streams
      presence.changed('org_1')
    }
    const read = ({ key, value }: OutRecord, process = 'api_2') =>
      presence.onRecord({
        ...recordAt(0),
        key: Buffer.from(String(key).replace('api_1', process)),
        value: value as Buffer | null,
        timestampMs: clock.machineMs(),
      })
    return { clock, presence, written, ended, hold, read }
  }

  it('writes a change at once, the next one a second later, and renews every ten seconds', async () => {
    const { clock, presence, written, hold } = open()
    hold([stream])
    expect(written.length).toBe(1)
    hold([stream, stream])
    expect([written.length, presence.isPending]).toEqual([1, true])
    for (let seconds = 1; seconds <= 21; seconds++) {
      clock.advance(1_000)
      presence.tick()
    }
    expect(written.length).toBe(4)
    hold([])
    clock.advance(1_000)
    presence.tick()
    expect(written.at(-1)).toMatchObject({ topic: streamsPresence.name, value: null })
    await presence.close()
    expect(written.length).toBe(5)
  })

  it('counts what other processes hold for as long as they renew it, and never its own', () => {
    const { clock, presence, written, hold, read } = open()
    hold([stream])
    read(written[0]!)
    read(written[0]!, 'api_1')
    expect(presence.others('org_1').map(({ id }) => id)).toEqual(['str_1'])
    expect(presence.others('org_2')).toEqual([])
    clock.advance(29_000)
    expect(presence.others('org_1').length).toBe(1)
    clock.advance(1_001)
    expect(presence.others('org_1')).toEqual([])
    clock.advance(600_000)
    presence.tick()
    // The entry of a process that ended without a word.
    expect(written.map(({ key, value }) => [key, value === null])).toContainEqual([
      presenceKeys.ofProcess('api_2', 'org_1'),
      true,
    ])
  })

  it('passes on the wish to end a stream, and leaves nothing of it in the topic', async () => {
    const { presence, written, ended, read } = open()
    await presence.requestEnd('org_1', 'str_9')
    for (const record of written) read(record)
    expect(ended).toEqual(['org_1/str_9'])
    expect(written.at(-1)!.value).toBeNull()
  })
})
