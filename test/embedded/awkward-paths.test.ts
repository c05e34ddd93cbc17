/** A data directory in a folder whose name has all that properties files, lists, class paths, URLs and patterns read as something else. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { brokerSettings } from '../../src/embedded/kafka-settings.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

const AWKWARD = ' ä é日,b\\c #d=e:f{g}*?%41$(h)\'"last '
const START_MS = 120_000

let platform: TestPlatform | undefined
afterAll(() => platform?.stop())

it(
  'starts there, also where the locale is C, and again, and keeps what was written',
  async () => {
    const dataDir = join(makeDataDirectory(), AWKWARD, 'data')
    mkdirSync(dataDir, { recursive: true })
    const env = { LC_ALL: 'C', LANG: 'C' }
    platform = await startPlatform({ dataDir, env })
    const organization = await platform.organization()
    const emit = { name: 'platformxe.generic', payload: { kind: 'kept', data: {} }, idempotencyKey: 'once' }
    const first = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', emit)
    expect(first.status).toBe(202)
    expect(await platform.stop()).toBe(0)
    platform = await startPlatform({ dataDir, env })
    const again = await platform.call<{ eventId: string; deduplicated: boolean }>(
      organization.apiKey,
      'POST',
      '/api/v1/events/custom/emit',
      emit,
    )
    expect(again.data).toMatchObject({ eventId: first.data.eventId, deduplicated: true })
  },
  START_MS,
)

it('is written into the settings of the broker as its properties are read', () => {
  const settings = brokerSettings(' ä\\b\n#=日', { internal: 1, clients: 2, controller: 3 }, 'secret')
  expect(settings).toContain('log.dirs=\\ \\u00e4\\\\b\\n#=\\u65e5\n')
})
