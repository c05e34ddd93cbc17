/** 160 batches of a few KB that unpack to 15 MB each, on a real broker: memory is bounded, and nobody is held up for good. */
import { afterAll, beforeAll, it } from '@jest/globals'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { expectLargeRefused, RECORDS_MAX } from './hand-made-batches.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform({ env: { CLARION_BATCH_RECORDS_MAX: String(RECORDS_MAX) } })
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

it('batches from many producers at once are refused one after the other, and later records are judged', async () => {
  await expectLargeRefused(platform, 8, 20)
}, 180_000)
