import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createReceiver, FAIL_EVERY, type Receiver } from '../../demo/receiver.ts'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { generateSecret, signatureHeaders } from '../../src/delivery/sign.ts'

const clock = createSystemClock()
const secret = generateSecret(createSystemRandom())
const body = Buffer.from('{"data":{"n":1}}')

let receiver: Receiver
beforeEach(async () => {
  receiver = await createReceiver({ host: '127.0.0.1', clock })
  receiver.trust('/hook', secret)
})
afterEach(() => receiver.close())

async function send(
  deliveryId: string,
  options: { attempt?: number; secret?: string; path?: string } = {},
): Promise<number> {
  const signature = signatureHeaders(options.secret ?? secret, deliveryId, Math.floor(clock.nowMs() / 1000), body)
  const headers = { ...signature, 'x-event-id': 'evt_1', 'x-delivery-attempt': String(options.attempt ?? 1) }
  return (await fetch(receiver.url(options.path ?? '/hook'), { method: 'POST', headers, body })).status
}

describe('the receiver of the demo', () => {
  it('fails every tenth first attempt and no other', async () => {
    const statuses: number[] = []
    for (let n = 1; n <= 3 * FAIL_EVERY; n++) {
      statuses.push(await send(`dlv_${n}`))
      if (statuses.at(-1) === 500) expect(await send(`dlv_${n}`, { attempt: 2 })).toBe(204)
    }
    expect(statuses.flatMap((status, index) => (status === 500 ? [index + 1] : []))).toEqual([10, 20, 30])
    expect(receiver.requests.filter(each => each.attempt === 2)).toHaveLength(3)
    expect(receiver.requests.every(each => each.verified && each.eventId === 'evt_1' && each.body.equals(body))).toBe(
      true,
    )
  })

  it('refuses requests that are signed with another secret, and those to an unknown path', async () => {
    expect(await send('dlv_1', { secret: generateSecret(createSystemRandom()) })).toBe(401)
    expect(await send('dlv_2', { path: '/other' })).toBe(401)
    expect(receiver.requests.map(each => each.verified)).toEqual([false, false])
  })
})
