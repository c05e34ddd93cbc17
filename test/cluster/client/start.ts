/** A start on a foreign cluster: the checks, and the message when one fails. */
import { beforeAll, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../../src/clock.ts'
import { startEmbeddedClickHouse } from '../../../src/embedded/clickhouse.ts'
import { createAccounts } from '../../../src/kafka/admin/accounts.ts'
import { createLogger } from '../../../src/logger.ts'
import { startPlatform } from '../../support/platform.ts'
import { makeDataDirectory, silent } from '../../support/run-directory.ts'
import type { Cluster } from '../cluster.ts'
import { within } from '../until.ts'
import type { SharedCluster } from './shared-cluster.ts'

let cluster: Cluster
/** A role that needs no ClickHouse. */
const start = (more: Record<string, string> = {}) =>
  startPlatform({
    roles: 'admit',
    env: {
      KAFKA_BROKERS: cluster.brokers.join(),
      KAFKA_USERNAME: cluster.username,
      KAFKA_PASSWORD: cluster.password,
      CLICKHOUSE_URL: 'http://127.0.0.1:9',
      CLARION_SECRET_KEY: 'secret-of-the-start'.repeat(2),
      ...more,
    },
  })

/** The message of a process that ends instead of serving. */
async function lastWords(more: Record<string, string>, boundMs: number): Promise<string> {
  const starting = start(more)
  const ended = starting.then(
    async platform => {
      await platform.kill()
      return 'it serves'
    },
    (error: Error) => error.message,
  )
  return within(boundMs, 'the end of a start that cannot succeed', ended)
}

export function startTests(shared: SharedCluster): void {
  beforeAll(() => {
    cluster = shared.cluster
  })

  it('says that there are fewer brokers than replicas, and what to set', async () => {
    const said = await lastWords({ KAFKA_REPLICATION_FACTOR: '5' }, 30_000)
    expect(said).toMatch(/KAFKA_REPLICATION_FACTOR/)
    expect(said).toMatch(/3 broker/)
  })

  it('says at once that the password is wrong', async () => {
    const said = await lastWords({ KAFKA_PASSWORD: 'not-the-password' }, 20_000)
    expect(said).toMatch(/KAFKA_USERNAME|KAFKA_PASSWORD/)
  })

  it('says which rights its user lacks', async () => {
    const { brokers, username, password } = cluster
    const accounts = createAccounts({
      kafka: { brokers, username, password, clientId: 'test' },
      random: createSystemRandom(),
      logger: createLogger('silent'),
    })
    await cluster.createTopic({ topic: 'control', partitions: 1, settings: { 'cleanup.policy': 'compact' } })
    await accounts.createUser('restricted', 'restricted-password')
    await accounts.close()
    await cluster.deleteTopic('control')
    const said = await lastWords({ KAFKA_USERNAME: 'restricted', KAFKA_PASSWORD: 'restricted-password' }, 30_000)
    expect(said).toMatch(/CREATE/i)
  })
}

/** To come last: it makes all topics. */
export function guardTests(shared: SharedCluster): void {
  it('lets webhooks reach no broker that the cluster names, though the settings name one only', async () => {
    const { brokers, clientBrokers, username, password } = shared.cluster
    const clickhouse = await startEmbeddedClickHouse({ dataDir: makeDataDirectory(), logger: silent })
    const platform = await startPlatform({
      roles: 'api',
      env: {
        KAFKA_BROKERS: brokers[0]!,
        KAFKA_USERNAME: username,
        KAFKA_PASSWORD: password,
        KAFKA_CLIENT_BOOTSTRAP: clientBrokers[0]!,
        CLICKHOUSE_URL: clickhouse.url,
        CLARION_SECRET_KEY: 'secret-of-the-start'.repeat(2),
      },
    })
    const { call } = await platform.organization()
    const answer = (port: number) =>
      call('POST', '/api/v1/webhooks', { url: `http://127.0.0.1:${port}/`, events: ['*'] })
    const own = [1, 2, 3].map(n => shared.cluster.ports(n).internal)
    const answers = await Promise.all([...own, 9].map(answer))
    expect(answers.map(({ code }) => code)).toEqual([...Array(3).fill('invalid_webhook_url'), undefined])
    await platform.stop()
    await clickhouse.close()
  })
}
