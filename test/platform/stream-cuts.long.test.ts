/** Streams that are cut more than a thousand times, at any byte, by two api processes over one broker. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { clients, cutAgainAndAgain } from './resuming.ts'

let platform: TestPlatform
let second: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
  second = await startPlatform({ dataDir: platform.dataDir, roles: 'api' })
}, 180_000)
afterAll(async () => {
  for (const client of clients) client.close()
  await second?.stop()
  await platform?.stop()
}, 90_000)

it('a client that is cut a thousand times at any byte, by two processes in turn, sees every event in order', async () => {
  const organization = await platform.organization()
  expect(await cutAgainAndAgain(organization, [platform.base, second.base], 400)).toBeGreaterThan(1_000)
}, 180_000)
