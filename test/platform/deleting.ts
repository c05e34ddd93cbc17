/** An organization that is deleted on a whole platform of its own, and what is left of it when its time has come. */
import { afterAll, expect } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { createAccounts } from '../../src/kafka/admin/accounts.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { admissionCounters } from '../../topics/admission-counters.ts'
import { control } from '../../topics/control.ts'
import { deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../topics/delivery-state.ts'
import { type Credential, credentialOf } from '../support/kafka-clients.ts'
import { readToEnd } from '../support/ledger.ts'
import { SHARDS, startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { until } from '../support/until.ts'

const logger = createLogger('silent')
/** Twenty minutes later, and rounds that follow one another quickly. */
const LATER = { CLARION_CLOCK_OFFSET_MS: String(20 * 60_000), CLARION_TIME_SCALE: '0.005' }

let platform: TestPlatform
afterAll(() => platform?.stop(), 60_000)

const emit = async (organization: TestOrganization, n: number) =>
  (
    await organization.call<{ sequence: number }>('POST', '/api/v1/events/custom/emit', {
      name: 'platformxe.generic',
      payload: { kind: 'numbered', data: { n } },
    })
  ).data

const topicsOf = ({ org: { id } }: TestOrganization) => [
  `emits.${id}`,
  `events.${id}`,
  `emits.${id}.test`,
  `events.${id}.test`,
]

async function existing(names: string[]): Promise<string[]> {
  const wire = await openWire(connectionsOf(platform).kafka, logger)
  const found = (await wire.metadata(names)).filter(({ errorCode }) => errorCode === 0).map(({ topic }) => topic)
  await wire.close()
  return found
}

/** Records of a compacted topic whose keys have one of these words. */
async function standing(topic: string, partitions: number, words: string[]): Promise<string[]> {
  const { kafka } = connectionsOf(platform)
  const newest = new Map<string, boolean>()
  for (let partition = 0; partition < partitions; partition++)
    for (const { key, value } of await readToEnd(kafka, topic, partition)) newest.set(String(key), value !== null)
  return [...newest].filter(([key, stands]) => stands && words.some(word => key.includes(word))).map(([key]) => key)
}

async function rightsOf({ username }: Credential) {
  const accounts = createAccounts({ kafka: connectionsOf(platform).kafka, random: createSystemRandom(), logger })
  const [users, grants] = [await accounts.listUsers(), await accounts.listGrants()]
  await accounts.close()
  return { mayLogIn: users.includes(username), grants: grants.get(username) ?? [] }
}

/** All of it goes, also if the platform is killed in the middle; others do not notice, and its slug stays taken. */
export async function expectAllGone({ isKilledMeanwhile }: { isKilledMeanwhile: boolean }): Promise<void> {
  platform = await startPlatform()
  const [gone, neighbour] = [await platform.organization(), await platform.organization()]
  const credential = await credentialOf(gone)
  await gone.call('POST', '/api/v1/keys', { name: 'test', environment: 'test', scopes: ['events:emit'] })
  const hook = { url: 'http://127.0.0.1:9/', events: ['platformxe.generic'] }
  const { data: webhook } = await gone.call<{ id: string }>('POST', '/api/v1/webhooks', hook)
  expect(await emit(gone, 1)).toMatchObject({ sequence: 1 })
  expect(await emit(neighbour, 1)).toMatchObject({ sequence: 1 })
  const words = [gone.org.id, webhook.id]
  await until(
    () => standing(deliveryState.name, SHARDS, [webhook.id]),
    keys => keys.length > 0,
  )
  await gone.call('PATCH', `/api/v1/webhooks/${webhook.id}`, { active: false })
  await emit(gone, 2)
  await until(
    () => standing(deliveryCatchUps.name, SHARDS, [webhook.id]),
    keys => keys.length > 0,
  )
  expect(await existing(topicsOf(gone))).toHaveLength(4)
  const deleted = await platform.call(platform.adminKey, 'DELETE', `/api/v1/organizations/${gone.org.id}`)
  expect(deleted.status).toBe(200)
  await platform.kill()

  platform = await startPlatform({ dataDir: platform.dataDir, env: LATER })
  await until(
    () => existing(topicsOf(gone)),
    topics => topics.length < 4,
  )
  if (isKilledMeanwhile) {
    await platform.kill()
    platform = await startPlatform({ dataDir: platform.dataDir, env: LATER })
  }
  expect(
    await until(
      () => existing(topicsOf(gone)),
      topics => topics.length === 0,
    ),
  ).toEqual([])
  const stays = [`organization/${gone.org.id}/${gone.org.id}`]
  expect(
    await until(
      () => standing(control.name, 1, words),
      keys => keys.length === 1,
    ),
  ).toEqual(stays)
  for (const topic of [admissionCounters.name, deliveryState.name, deliveryCatchUps.name])
    expect(
      await until(
        () => standing(topic, SHARDS, words),
        keys => keys.length === 0,
      ),
    ).toEqual([])
  expect(
    await until(
      () => rightsOf(credential),
      ({ mayLogIn }) => !mayLogIn,
    ),
  ).toEqual({ mayLogIn: false, grants: [] })

  const shown = await platform.call(platform.adminKey, 'GET', `/api/v1/organizations/${gone.org.id}`)
  expect(shown.data).toMatchObject({ status: 'deleted', ownerEmail: null })
  const again = await platform.call(platform.adminKey, 'POST', '/api/v1/organizations', {
    name: 'again',
    slug: gone.slug,
  })
  expect(again.code).toBe('slug_taken')
  expect((await platform.call(gone.apiKey, 'GET', '/api/v1/webhooks')).status).toBe(401)
  const own = {
    ...neighbour,
    call: ((method, path, body) => platform.call(neighbour.apiKey, method, path, body)) as TestOrganization['call'],
  }
  expect(await emit(own, 2)).toMatchObject({ sequence: 2 })
  const ready = await platform.call('', 'GET', '/ready')
  expect([
    ready.status,
    JSON.stringify(ready.body).includes(gone.org.id),
    platform.log().includes(gone.org.id),
  ]).toEqual([200, false, false])
}
