import { expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../src/clock.ts'
import { openBackends } from '../src/compose/backends.ts'
import { readConfig } from '../src/settings/config.ts'
import { makeDataDirectory } from './support/run-directory.ts'

it.each([
  ['https://user:password@clickhouse.example.com', { host: 'clickhouse.example.com', port: 443 }],
  ['http://[2001:db8::2]', { host: '[2001:db8::2]', port: 80 }],
  ['http://10.0.0.2:8123', { host: '10.0.0.2', port: 8123 }],
])('webhooks are kept from a ClickHouse at %s and from the brokers', async (url, clickhouse) => {
  const config = readConfig({
    ...{
      KAFKA_BROKERS: '[2001:db8::1]:9092,10.0.0.1:9093',
      KAFKA_CLIENT_BOOTSTRAP: '10.0.0.1:9094',
      CLICKHOUSE_URL: url,
    },
    ...{ CLARION_ADMIN_KEY: 'a'.repeat(32), CLARION_SECRET_KEY: 's'.repeat(32), CLARION_DATA_DIR: makeDataDirectory() },
  })
  const silent = { info: () => undefined, warn: () => undefined }
  const backends = await openBackends({
    ...{ config, clock: createSystemClock(), random: createSystemRandom(), progress: silent },
    onFatal: error => {
      throw error
    },
  })
  expect(backends.addresses).toEqual([
    { host: '[2001:db8::1]', port: 9092 },
    { host: '10.0.0.1', port: 9093 },
    { host: '10.0.0.1', port: 9094 },
    clickhouse,
  ])
  await backends.close()
})
