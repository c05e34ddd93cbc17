/** Streams of every kit over the same connections: the same events, places, waits and ends. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { StreamAsked } from '../../../sdks/contract/kit.ts'
import { createStreamServer, type StreamServer, type StreamStep } from '../../../sdks/contract/streams.ts'
import { patient } from '../../support/patience.ts'
import { type Kits, openKits } from './kits.ts'

let kits: Kits
let server: StreamServer
beforeAll(async () => {
  ;[kits, server] = await Promise.all([openKits(), createStreamServer()])
}, patient(180_000))
afterAll(async () => {
  for (const kit of kits?.all ?? []) kit.close()
  await server?.close()
})

const ready = (cursor: string): StreamStep => ({ line: { type: 'ready', cursor } })
const event = (n: number): StreamStep => ({
  line: { type: 'event', cursor: `c${n}`, event: { id: `evt_${n}`, type: 'shop.paid', sequence: n, data: { n } } },
})
const position = (cursor: string): StreamStep => ({ line: { type: 'position', cursor } })
const end = (reason: string, cursor: string, retryMs?: number): StreamStep => ({
  line: { type: 'end', reason, cursor, ...(retryMs === undefined ? {} : { retryMs }) },
})

interface Scenario extends Omit<StreamAsked, 'baseUrl' | 'query'> {
  from?: string
  connections: StreamStep[][]
  said: object
  froms: Array<string | undefined>
}

const SCENARIOS: Record<string, Scenario> = {
  'goes on behind the last event when it is cut, in the middle of a line too': {
    connections: [
      [ready('c0'), event(1), event(2), 'half a line', 'cut'],
      [ready('c2'), event(3), position('c9'), end('until_reached', 'c9')],
    ],
    said: {
      ...{ events: ['evt_1', 'evt_2', 'evt_3'], opened: ['c0', 'c2'], end: 'over', waits: [188], cursor: 'c9' },
      saved: ['c0', 'c1', 'c2', 'c3', 'c9'],
    },
    froms: [undefined, 'c2'],
  },
  'waits as a drained process says, and as a refusal says': {
    connections: [
      [ready('c0'), event(1), end('server_drain', 'c1', 1_500)],
      [{ refusal: 503, code: 'service_unavailable', retryAfterS: 2 }],
      [{ refusal: 503, code: 'service_unavailable' }],
      [{ refusal: 429, code: 'stream_limit_exceeded' }],
      [ready('c1'), end('until_reached', 'c1')],
    ],
    said: { events: ['evt_1'], end: 'over', waits: [1_500, 2_000, 375, 750], cursor: 'c1' },
    froms: [undefined, 'c1', 'c1', 'c1', 'c1'],
  },
  'begins at its place, and shows a gap': {
    place: 'c5',
    connections: [
      [
        ready('c5'),
        { line: { type: 'gap', cursor: 'c7', earliestCursor: 'c7', lostEvents: 2 } },
        event(8),
        end('until_reached', 'c8'),
      ],
    ],
    said: { events: ['evt_8'], gaps: [['c7', 2]], end: 'over', saved: ['c7', 'c8'] },
    froms: ['c5'],
  },
  'does not keep an event that was not finished, unless it is committed': {
    leaveAfter: 2,
    connections: [[ready('c0'), event(1), event(2), event(3), end('until_reached', 'c3')]],
    said: { events: ['evt_1', 'evt_2'], end: 'left', saved: ['c0', 'c1', 'c2'], cursor: 'c2' },
    froms: [undefined],
  },
  'ends with the reason where that does not pass': {
    from: 'earliest',
    connections: [[ready('c0'), event(1), end('revoked', 'c1')]],
    said: { events: ['evt_1'], end: 'revoked', waits: [], cursor: 'c1' },
    froms: ['earliest'],
  },
  'ends with the code of a refusal that does not pass, at the start too': {
    connections: [[{ refusal: 429, code: 'stream_limit_exceeded' }]],
    said: { events: [], end: 'stream_limit_exceeded', waits: [], cursor: '' },
    froms: [undefined],
  },
}

it.each(Object.entries(SCENARIOS))('a stream %s', async (name, { from, place, leaveAfter, ...scenario }) => {
  for (const [at, kit] of kits.all.entries())
    for (const isAsync of kit.name === 'Python' ? [false, true] : [false]) {
      const id = Object.keys(SCENARIOS).indexOf(name) * 10 + at * 2 + Number(isAsync)
      const said = await kit.stream({
        ...{ baseUrl: server.urlOf(id, scenario.connections), async: isAsync },
        ...(place === undefined ? {} : { place }),
        ...(leaveAfter === undefined ? {} : { leaveAfter }),
        query: { types: ['shop.*', 'crm.lead'], ...(from === undefined ? {} : { from }) },
      })
      expect([kit.name, isAsync, said]).toEqual([kit.name, isAsync, expect.objectContaining(scenario.said)])
      const asked = server.queriesOf(id)
      expect([kit.name, asked.map(query => query.from)]).toEqual([kit.name, scenario.froms])
      expect([kit.name, new Set(asked.map(({ types }) => types))]).toEqual([kit.name, new Set(['shop.*,crm.lead'])])
    }
})
