/** `kill -9`, in the middle of everything: afterwards every figure agrees to the unit. With more emits: kill.long.test.ts. */
import { afterAll, describe, it } from '@jest/globals'
import type { TestPlatform } from '../support/platform.ts'
import { killAdmit, killWhole } from './kills.ts'

let platform: TestPlatform
afterAll(() => platform?.stop(), 120_000)

describe('kill -9', () => {
  it('of the whole platform in the middle of 3,000 emits loses, invents and doubles nothing', async () => {
    platform = await killWhole({ count: 3_000, batch: 100 })
  }, 240_000)

  it('of one of two admit processes lets the other take over, and the ledger agrees', async () => {
    await killAdmit(platform, { count: 2_000, batch: 100 })
  }, 240_000)
})
