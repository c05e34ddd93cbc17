import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { cacheDirectory, readConfig, SETTINGS, SettingsError } from '../src/settings/config.ts'
import { ADMIN_KEY, CLUSTER, type Given, problemsOf, read } from './given-settings.ts'
import { makeDataDirectory } from './support/run-directory.ts'

function warningsOf(given: Given): string[] {
  const warnings: string[] = []
  readConfig(given, { environment: {}, warn: sentence => warnings.push(sentence) })
  return warnings
}

/** Those that go in pairs. */
const PAIRED = ['KAFKA_USERNAME', 'KAFKA_PASSWORD', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY']

describe('a setting', () => {
  it.each(SETTINGS.filter(({ name }) => !PAIRED.includes(name)))('$name is fine with its example', each => {
    // The shell puts in what `openssl` prints.
    const example = each.example.replace(/\$\(openssl rand -hex \d+\)/, 'f'.repeat(64))
    const cluster = each.name.startsWith('KAFKA_') ? CLUSTER : {}
    expect(problemsOf({ ...cluster, [each.name]: example })).toEqual([])
  })

  it.each<[string, string, Partial<ReturnType<typeof read>>]>([
    ['PORT', ' 8080 ', { port: 8080 }],
    ['PORT', '0', { port: 0 }],
    ['PORT', '', { port: 8080 }],
    ['PORT', '   ', { port: 8080 }],
    ['CLARION_CLOCK_OFFSET_MS', '-3600000', { clockOffsetMs: -3_600_000 }],
    ['CLARION_CLOCK_OFFSET_MS', '-0', { clockOffsetMs: 0 }],
    ['CLARION_TIME_SCALE', '.5', { timeScale: 0.5 }],
    ['CLARION_ROLES', 'admit , api', { roles: ['admit', 'api'] }],
    ['HOST', '::1', { host: '::1' }],
    ['HOST', '[::1]', { host: '::1' }],
    ['HOST', '::ffff:127.0.0.1', { host: '127.0.0.1' }],
    ['HOST', 'fe80::1%eth0', { host: 'fe80::1%eth0' }],
    ['HOST', 'LocalHost', { host: 'localhost' }],
    ['EGRESS_ALLOW', '127.0.0.0/8, ::1', { egressAllow: ['127.0.0.0/8', '::1/128'] }],
    ['EGRESS_ALLOW', '::ffff:10.0.0.0/104', { egressAllow: ['10.0.0.0/8'] }],
    ['EGRESS_ALLOW', '0.0.0.0/0,::/0', { egressAllow: ['0.0.0.0/0', '::/0'] }],
    [
      'EGRESS_DENY',
      'Admit.internal:9464, 10.0.0.5,[fd00::1]:8080,::1',
      {
        egressDeny: [
          { host: 'admit.internal', port: 9464 },
          { host: '10.0.0.5', port: undefined },
          { host: 'fd00::1', port: 8080 },
          { host: '::1', port: undefined },
        ],
      },
    ],
    ['METRICS_PORT', '9464', { metricsPort: 9464 }],
    ['METRICS_PORT', '', { metricsPort: undefined }],
    ['CLARION_KEY_HEADER', 'X-Their-Key', { aliasKeyHeader: 'x-their-key' }],
    ['CLICKHOUSE_URL', 'http://default@clickhouse:8123', { clickhouseUrl: 'http://default@clickhouse:8123' }],
    ['CLICKHOUSE_URL', 'http://u:p%40ss@[2001:db8::1]:8123/', { clickhouseUrl: 'http://u:p%40ss@[2001:db8::1]:8123/' }],
    [
      'SMTP_URL',
      'smtp://mail:25?tls.rejectUnauthorized=false',
      { smtpUrl: 'smtp://mail:25?tls.rejectUnauthorized=false' },
    ],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://otel.example.com/otlp', { otlpEndpoint: 'https://otel.example.com/otlp' }],
    ['MAIL_FROM', '"Clarion, Inc" <a@example.com>', { mailFrom: '"Clarion, Inc" <a@example.com>' }],
    ['MAIL_FROM', 'a@example.com', { mailFrom: 'a@example.com' }],
    ['CLARION_CACHE_DIR', '/var/cache/clarion', { cacheDir: '/var/cache/clarion' }],
    ['CLARION_CACHE_DIR', '~/elsewhere', { cacheDir: '/nonexistent/elsewhere' }],
    ['CLARION_DATA_DIR', '~/data', { dataDir: '/nonexistent/data' }],
    ['CLARION_DATA_DIR', '/var/lib/ä b', { dataDir: '/var/lib/ä b' }],
  ])("%s takes '%s'", (name, value, expected) => expect(read({ [name]: value })).toMatchObject(expected))

  it('that lists brokers takes names, IPv4 and IPv6 in brackets, each in one spelling', () => {
    const brokers = 'Kafka_1:9092, 10.0.0.1:65535,[2001:DB8:0::1]:9092,[::ffff:10.0.0.2]:1'
    const { kafkaBrokers } = read({ ...CLUSTER, KAFKA_BROKERS: brokers })
    expect(kafkaBrokers).toEqual(['kafka_1:9092', '10.0.0.1:65535', '[2001:db8::1]:9092', '10.0.0.2:1'])
  })
})

describe('loopback', () => {
  const SHIFTED = { ...CLUSTER, CLARION_TIME_SCALE: '0.5', CLARION_CLOCK_OFFSET_MS: '5' }

  it.each([
    '127.0.0.1:1',
    '127.255.255.254:1',
    'localhost:1',
    'LOCALHOST:1',
    'localhost.:1',
    '[::1]:1',
    '[::ffff:127.0.0.1]:1',
    '127.0.0.1:1,[::1]:1',
  ])('%s may have another clock', brokers => expect(problemsOf({ ...SHIFTED, KAFKA_BROKERS: brokers })).toEqual([]))

  it.each([
    '127.evil.example:1',
    'localhost.evil.example:1',
    '128.0.0.1:1',
    '[::2]:1',
    '127.0.0.1:1,10.0.0.1:1',
    '0.0.0.0:1',
    'evil.localhost:1',
  ])('%s is elsewhere', brokers => {
    const problems = problemsOf({ ...SHIFTED, KAFKA_BROKERS: brokers })
    expect(problems.map(problem => problem.split(' ')[0])).toEqual(['CLARION_TIME_SCALE', 'CLARION_CLOCK_OFFSET_MS'])
  })
})

describe('a warning, and no more, goes to', () => {
  it.each([
    ['CLARION_ADMINKEY', 'Did you mean CLARION_ADMIN_KEY?'],
    ['CLARION_DATADIR', 'Did you mean CLARION_DATA_DIR?'],
    ['CLARION_ROLE', 'Did you mean CLARION_ROLES?'],
    ['CLARION_PORT', 'Did you mean PORT?'],
    ['CLARION_LOG_LEVEL', 'Did you mean LOG_LEVEL?'],
    ['CLARION_BROKERS', 'Did you mean KAFKA_BROKERS?'],
    ['KAFKA_BORKERS', 'Did you mean KAFKA_BROKERS?'],
    ['KAFKA_USER', 'Did you mean KAFKA_USERNAME?'],
    ['EGRESS_ALLOWED', 'Did you mean EGRESS_ALLOW?'],
    ['egress_allow', 'Did you mean EGRESS_ALLOW?'],
    ['CLARION_SOMETHING_ELSE_ENTIRELY', 'npm start -- --help lists the settings.'],
  ])('%s', (name, rest) => {
    expect(warningsOf({ [name]: 'a-secret' })).toEqual([`${name} is not a setting and has no effect. ${rest}`])
  })

  it.each([
    ...[
      'KAFKA_HEAP_OPTS',
      'KAFKA_OPTS',
      'KAFKA_LOG4J_OPTS',
      'KAFKA_JVM_PERFORMANCE_OPTS',
      'KAFKA_JMX_OPTS',
      'KAFKA_HOME',
      'KAFKA_DEBUG',
    ],
    ...[
      'CLARION_TEST_BACKEND',
      'CLARION_TEST_RUN_DIRECTORY',
      'CLARION_CONFORMANCE_SEED',
      'CLARION_JSON_SCHEMA_SUITE',
      'CLARION_URL',
    ],
    ...[
      'CLARION_API_KEY',
      'CLARION_KAFKA',
      'KAFKA_SERVICE_HOST',
      'KAFKA_SERVICE_PORT',
      'CLARION_API_SERVICE_PORT_HTTP',
      'KAFKA_PORT_9092_TCP_ADDR',
    ],
  ])('not %s, which others read', name => expect(warningsOf({ [name]: 'x' })).toEqual([]))

  it('not a link of the container runtime', () =>
    expect(warningsOf({ CLARION_PORT: 'tcp://10.0.0.1:8080' })).toEqual([]))

  it('settings of a cluster without one, and to ranges that are everything', () => {
    expect(warningsOf({ KAFKA_CLIENT_BOOTSTRAP: 'a:1', KAFKA_SSL: 'false', EGRESS_ALLOW: '0.0.0.0/0' })).toEqual([
      'KAFKA_CLIENT_BOOTSTRAP: no effect without KAFKA_BROKERS; the embedded broker starts.',
      expect.stringContaining('EGRESS_ALLOW holds 0.0.0.0/0'),
    ])
  })

  it('also when the start is refused', () => {
    const warnings: string[] = []
    const given = { ...CLUSTER, CLARION_ADMIN_KEY: '', CLARION_ADMINKEY: ADMIN_KEY }
    expect(() => readConfig(given, { environment: {}, warn: sentence => warnings.push(sentence) })).toThrow(
      SettingsError,
    )
    expect(warnings).toHaveLength(1)
  })
})

describe('the cache directory', () => {
  const cacheDirOf = (home: string) => {
    const dataDir = makeDataDirectory()
    return readConfig({ CLARION_DATA_DIR: dataDir }, { environment: { HOME: home } })
  }

  it('is .cache/clarion in the home directory', () => {
    const home = makeDataDirectory()
    expect(cacheDirOf(home).cacheDir).toBe(join(home, '.cache', 'clarion'))
  })

  it.each(['not-absolute', '/dev/null', '/dev/null/below'])(
    'is in the data directory when the home directory is %s',
    home => {
      const { cacheDir, dataDir } = cacheDirOf(home)
      expect(cacheDir).toBe(join(dataDir, 'cache'))
    },
  )

  it('is in the data directory when the home directory takes nothing', () => {
    const home = makeDataDirectory()
    chmodSync(home, 0o500)
    // The superuser may write everywhere.
    if (process.getuid?.() !== 0) expect(cacheDirOf(home).cacheDir).not.toContain(home)
    chmodSync(home, 0o700)
  })

  it('is the same for a program that needs no other setting', () => {
    const environment = { HOME: makeDataDirectory(), CLARION_DATA_DIR: makeDataDirectory() }
    expect(cacheDirectory(environment)).toBe(readConfig({}, { environment }).cacheDir)
    expect(cacheDirectory({ HOME: '/dev/null', CLARION_CACHE_DIR: '/var/cache/c' })).toBe('/var/cache/c')
  })
})
