/** A broker that starts again from its own log has all users that it should have. */

import { expect, it } from '@jest/globals'
import { createSystemRandom } from '../../src/clock.ts'
import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { type Accounts, createAccounts } from '../../src/kafka/admin/accounts.ts'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { createLogger } from '../../src/logger.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { control } from '../../topics/control.ts'
import { testsUseContainers } from '../support/containers.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { makeDataDirectory, silent } from '../support/run-directory.ts'

const logger = createLogger('silent')
const random = createSystemRandom()

async function withBroker<T>(
  dataDir: string,
  work: (accounts: Accounts, kafka: KafkaSettings, clientBrokers: string[]) => Promise<T>,
): Promise<T> {
  const broker = await startEmbeddedKafka({
    dataDir,
    cacheDir: cacheDirectory(),
    heapMb: 256,
    profile: 'test',
    logger: silent,
  })
  const { brokers, username, password } = broker
  const kafka = { brokers, username, password, clientId: 'test' }
  const accounts = createAccounts({ kafka, random, logger })
  try {
    return await work(accounts, kafka, broker.clientBrokers)
  } finally {
    await accounts.close()
    await broker.close()
  }
}

const logsIn = (kafka: KafkaSettings) => {
  const admin = createClient(kafka).admin()
  return admin.connect().then(
    () => admin.disconnect().then(() => true),
    () => false,
  )
}

const test = testsUseContainers() ? it.skip : it
test('users that were locked stay out, those that were not stay in, and the platform with them', async () => {
  const dataDir = makeDataDirectory()
  const users = Array.from({ length: 12 }, (_, n) => `kfc_${n}`)
  const [kept, ...locked] = users as [string, ...string[]]
  const as = (kafka: KafkaSettings, brokers: string[], username: string) => ({
    ...kafka,
    brokers,
    username,
    password: username,
  })
  await withBroker(dataDir, async (accounts, kafka) => {
    const admin = createClient(kafka).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: control.name }] })
    await admin.disconnect()
    for (const user of users) await accounts.createUser(user, user)
    await accounts.lockUsers(locked)
  })
  await withBroker(dataDir, async (accounts, kafka, clientBrokers) => {
    expect((await accounts.listUsers()).sort()).toEqual([kept, kafka.username!])
    expect(await logsIn(as(kafka, clientBrokers, kept))).toBe(true)
    expect(await logsIn(as(kafka, clientBrokers, locked[0]!))).toBe(false)
  })
})
