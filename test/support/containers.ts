/**
 * Broker and ClickHouse from their official images, for `CLARION_TEST_BACKEND=containers npm test`: the same settings, the same tests. Containers
 * go with the run (testcontainers removes what a process leaves behind).
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClickHouseConnection } from '../../src/embedded/clickhouse.ts'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import type { KafkaConnection } from '../../src/embedded/kafka.ts'
import { brokerSettings, PLATFORM_USER } from '../../src/embedded/kafka-settings.ts'
import { writePrivate } from '../../src/embedded/stored-files.ts'
import { patient } from './patience.ts'

export const KAFKA_IMAGE = 'apache/kafka:4.3.1'
export const CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:26.7'
const PASSWORD = 'tests-only'
const START_MS = patient(120_000)

export interface Containers {
  kafka: KafkaConnection
  clickhouse: ClickHouseConnection
}

export function testsUseContainers(): boolean {
  return process.env.CLARION_TEST_BACKEND === 'containers'
}

/** The containers of this directory, started by the first call. */
export async function containersOf(directory: string): Promise<Containers> {
  const path = join(directory, 'containers.json')
  if (!existsSync(path)) {
    const [kafka, clickhouse] = await Promise.all([startKafka(), startClickHouse()])
    writePrivate(path, JSON.stringify({ kafka, clickhouse }))
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Containers
}

/** Loaded only where it is used: with all that it brings, it would take longer than most test files. */
const library = () => import('testcontainers')

async function startKafka(): Promise<KafkaConnection> {
  const { GenericContainer, Wait } = await library()
  const [internal, clients, controller] = (await chooseFreePorts(3)) as [number, number, number]
  const settings = brokerSettings('/tmp/kafka-data', { internal, clients, controller }, PASSWORD, '0.0.0.0')
  const user = `SCRAM-SHA-512=[name=${PLATFORM_USER},password=${PASSWORD}]`
  const format = `/opt/kafka/bin/kafka-storage.sh format -t $(/opt/kafka/bin/kafka-storage.sh random-uuid) -c /tmp/server.properties --add-scram '${user}'`
  await new GenericContainer(KAFKA_IMAGE)
    .withCopyContentToContainer([{ content: settings, target: '/tmp/server.properties' }])
    .withEntrypoint(['bash', '-c', `${format} && exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties`])
    .withExposedPorts({ container: internal, host: internal }, { container: clients, host: clients })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_MS)
    .start()
  return {
    brokers: [`127.0.0.1:${internal}`],
    clientBrokers: [`127.0.0.1:${clients}`],
    username: PLATFORM_USER,
    password: PASSWORD,
  }
}

async function startClickHouse(): Promise<ClickHouseConnection> {
  const { GenericContainer, Wait } = await library()
  const [port] = (await chooseFreePorts(1)) as [number]
  await new GenericContainer(CLICKHOUSE_IMAGE)
    .withEnvironment({ CLICKHOUSE_USER: PLATFORM_USER, CLICKHOUSE_PASSWORD: PASSWORD })
    .withExposedPorts({ container: 8123, host: port })
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .withStartupTimeout(START_MS)
    .start()
  return { url: `http://${PLATFORM_USER}:${PASSWORD}@127.0.0.1:${port}` }
}
