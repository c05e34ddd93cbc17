/** The demo on a whole platform. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from '../../demo/client.ts'
import { createOrganization, createWebhooks } from '../../demo/organization.ts'
import { createReceiver } from '../../demo/receiver.ts'
import { runThrough } from '../../demo/run-through.ts'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const clock = createSystemClock()
const progress = { say: () => {}, watch: () => {}, end: () => {} }

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(() => platform?.stop())

async function organizationClient() {
  const operator = createClient({ base: platform.base, key: platform.adminKey })
  const { apiKey } = await createOrganization(operator, createSystemRandom())
  return createClient({ base: platform.base, key: apiKey })
}

describe('the demo', () => {
  it('finds the same counts on every side: sent, received, stored in ClickHouse, metered', async () => {
    const client = await organizationClient()
    const receiver = await createReceiver({ host: '127.0.0.1', clock })
    try {
      const signal = new AbortController().signal
      const { agrees, report } = await runThrough({ client, receiver, host: '127.0.0.1', clock, progress, signal })
      expect(report).not.toContain('differ')
      expect(report).toMatch(/delivered +435 +435 +435 +435/)
      expect(agrees).toBe(true)
    } finally {
      await receiver.close()
    }
  }, 90_000)

  it('says which settings to add where the platform does not allow its receiver', async () => {
    const receiver = await createReceiver({ host: '0.0.0.0', clock })
    try {
      const refused = createWebhooks(await organizationClient(), receiver, '0.0.0.0')
      await expect(refused).rejects.toThrow(/invalid_webhook_url.*EGRESS_ALLOW=0\.0\.0\.0\n.*EGRESS_ALLOW_HTTP=true/s)
    } finally {
      await receiver.close()
    }
  })
})
