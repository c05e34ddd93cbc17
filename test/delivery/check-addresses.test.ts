import { expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { createAddressGuard } from '../../src/delivery/address-guard.ts'
import { createCheckAddresses } from '../../src/delivery/check-addresses.ts'

const clock = createSystemClock()
const checking = (resolve: (hostname: string) => Promise<Array<{ address: string; family: number }>>) =>
  createCheckAddresses({
    guard: createAddressGuard({ allow: [], allowHttp: false, ownAddresses: () => [], resolve }),
    clock,
  })

it.each(['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1'])(
  'a name that leads to %s is refused when it is set',
  async address => {
    const check = checking(async () => [{ address, family: address.includes(':') ? 6 : 4 }])
    expect(await check('https://inside.example.com/')).toMatchObject({
      code: 'invalid_webhook_url',
      details: [{ rule: 'blocked_address' }],
    })
  },
)

it('a name that is public, unknown, or whose servers do not answer in time is left to each connection', async () => {
  expect(
    await checking(async () => [{ address: '93.184.216.34', family: 4 }])('https://public.example.com/'),
  ).toBeUndefined()
  expect(await checking(() => Promise.reject(new Error('ENOTFOUND')))('https://unknown.example.com/')).toBeUndefined()
  expect(await checking(() => new Promise(() => undefined))('https://slow.example.com/')).toBeUndefined()
})
