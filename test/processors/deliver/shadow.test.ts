import { describe, expect, it } from '@jest/globals'
import type { InFlight } from '../../../processors/deliver/delivery.ts'
import { createShadows, shadowOf } from '../../../processors/deliver/shadows.ts'
import type { AttemptRequest, AttemptResult } from '../../../src/delivery/send.ts'
import { isChosen } from '../../../src/delivery/shadow-share.ts'
import type { Shadow } from '../../../src/model/shadows.ts'
import type { ShadowRow } from '../../../topics/audit-attempts.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { secrets } from './run-shard.ts'
import { times } from './set-up.ts'

const shadow = (more: Partial<Shadow> = {}) =>
  ({ url: 'https://candidate.example.com/in', share: 100, encryptedHeaders: null, until: FOREVER, ...more }) as Shadow
const FOREVER = '2100-01-01T00:00:00.000Z'
const result = (more: Partial<AttemptResult> = {}): AttemptResult => ({
  ...{ status: 200, errorKind: null, error: null, headers: {}, body: Buffer.alloc(0), startedAtMs: 1, durationMs: 20 },
  ...{ connectMs: null, dnsMs: null, tlsMs: null, remoteAddress: null, firstByteMs: 5, bodyHash: 'a', ...more },
})

function mirroring(of: Shadow = shadow(), maxInFlight = 4) {
  const rows: ShadowRow[] = []
  const sent: Array<{ request: AttemptRequest; answer(result: AttemptResult): Promise<void> }> = []
  const shadows = createShadows({
    secrets,
    clock: createManualClock(),
    write: row => void rows.push(row),
    sender: {
      send: request =>
        new Promise(resolve =>
          sent.push({
            request,
            answer: async answered => {
              resolve(answered)
              await Promise.resolve()
            },
          }),
        ),
    },
  })
  const end = (real = result()) =>
    shadows.ended(
      {
        ...{ deliveryId: 'dlv_1', webhookId: 'wh_1' },
        event: { organizationId: 'org_1', environment: 'live', eventId: 'evt_1', type: 'a.b' },
        attempt: {
          webhook: { id: 'wh_1', maxInFlight, timeoutMs: 5_000 },
          headers: { 'webhook-id': 'dlv_1', 'X-Key': 'real' },
          mirrored: { shadow: of, body: Buffer.from('{}') },
        },
      } as unknown as InFlight,
      real,
    )
  return { rows, sent, end, close: shadows.close }
}

describe('a mirrored delivery', () => {
  it('is the same request with a header more, and is compared with the real attempt', async () => {
    const headers = secrets.encrypt(JSON.stringify({ 'x-key': 'candidate' }))
    const { rows, sent, end } = mirroring(shadow({ encryptedHeaders: headers }))
    end(result({ durationMs: 10 }))
    expect(sent[0]!.request).toMatchObject({
      ...{ url: 'https://candidate.example.com/in', timeoutMs: 5_000, body: Buffer.from('{}'), hashesAnswer: true },
      headers: { 'webhook-id': 'dlv_1', 'x-key': 'candidate', 'X-Clarion-Shadow': '1' },
    })
    expect(sent[0]!.request.headers['X-Key']).toBeUndefined()
    await sent[0]!.answer(result({ status: 503, errorKind: 'status', durationMs: 30, bodyHash: 'b' }))
    expect(rows).toMatchObject([
      {
        ...{ deliveryId: 'dlv_1', answer: 'other_body', responseStatus: 503, errorKind: 'status', durationMs: 30 },
        ...{ realStatus: 200, realErrorKind: null, realDurationMs: 10 },
      },
    ])
  })

  it('is left out while half of what may be in flight is, and counted', async () => {
    const { rows, sent, end } = mirroring()
    times(5, () => end())
    expect([sent.length, rows.map(row => row.answer)]).toEqual([2, ['left_out', 'left_out', 'left_out']])
    await sent[0]!.answer(result())
    end()
    expect([sent.length, rows.at(-1)!.answer]).toEqual([3, 'same_body'])
  })

  it('has not the same body where one of the two did not answer', async () => {
    const { rows, sent, end } = mirroring()
    end()
    await sent[0]!.answer(result({ status: null, errorKind: 'timeout' }))
    expect(rows.map(row => row.answer)).toEqual(['other_body'])
  })

  it('says nothing any more when its shard is another process’s', async () => {
    const { rows, sent, end, close } = mirroring()
    end()
    close()
    await sent[0]!.answer(result())
    end()
    expect([rows, sent.length]).toEqual([[], 1])
  })
})

describe('the choice of deliveries', () => {
  const view = { find: () => shadow() } as never
  const delivery = { trigger: 'live', attempts: 0, fed: undefined, event: { eventId: 'evt_1' }, webhookId: 'wh_1' }
  const chosen = (more: object) => shadowOf(view, { ...delivery, ...more } as never, 0) !== undefined

  it('is of first attempts of live deliveries alone', () => {
    expect(chosen({})).toBe(true)
    expect([{ trigger: 'replay' }, { trigger: 'manual' }, { attempts: 1 }, { fed: {} }].map(chosen)).toEqual(
      Array(4).fill(false),
    )
  })

  it('is by the event’s id, about the share of all, and ends with its time', () => {
    const ids = times(10_000, at => `evt_${at}`)
    const share = (of: number) => ids.filter(id => isChosen(shadow({ share: of }), id, 0)).length
    expect(share(100)).toBe(10_000)
    expect(share(10)).toBeGreaterThan(800)
    expect(share(10)).toBeLessThan(1_200)
    expect(ids.filter(id => isChosen(shadow(), id, Date.parse(FOREVER)))).toEqual([])
  })
})
