/** An organization's topic that somebody deletes and makes again, with records that nobody has read. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { emits } from '../../topics/emits.ts'
import { configOf } from '../../topics/topic.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { audited, checkLedger, emitMany } from './checked.ts'

const clock = createSystemClock()

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform()
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

it('names a topic that was deleted with unread records, and shows it to the operator', async () => {
  const organization = await platform.organization()
  const { id } = organization.org
  await emitMany(organization, 3)
  expect(await checkLedger(platform, id)).toMatchObject({ consistent: true })
  const topic = emits.nameFor(id, 'live')
  const admin = createClient(connectionsOf(platform).kafka).admin()
  await admin.connect()
  await admin.deleteTopics({ topics: [topic] })
  const configEntries = Object.entries(configOf(emits)).map(([name, value]) => ({ name, value }))
  for (let isMade = false; !isMade; ) {
    // The name is free when the broker has let go of it.
    isMade = await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }] }).catch(() => false)
    if (!isMade) await clock.sleep(100)
  }
  await admin.disconnect()
  const [row] = await audited(organization, 1)
  expect(row).toMatchObject({
    type: 'DRIFT_DETECTED',
    data: { kind: 'ledger', check: 'gap', reason: 'replaced', topic, partition: 0 },
  })
  await emitMany(organization, 2)
  const report = await checkLedger(platform, id)
  expect(report.findings).toMatchObject([{ check: 'gap', topic, reason: 'replaced', organizationId: id }])
  expect(report.findings[0]!.expected).toBeGreaterThanOrEqual(3)
  const shown = await platform.call<{ findings: Array<{ organizationId: string }> }>(
    platform.adminKey,
    'GET',
    '/api/v1/ledger',
  )
  expect(shown.data.findings.filter(each => each.organizationId === id)).toMatchObject([{ check: 'gap', topic }])
  expect(await audited(organization, 1)).toHaveLength(1)
})
