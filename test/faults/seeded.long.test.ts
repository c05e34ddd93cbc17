/** The harness of `npm run faults`, for half a minute and a fixed seed: several processes per role, load, faults, and everything counted. */
import { it } from '@jest/globals'
import { expectToHold } from './seeded-run.ts'

it('nothing is lost, invented or counted twice while processes are killed, stopped and started', async () => {
  await expectToHold(0.4, 4)
}, 400_000)
