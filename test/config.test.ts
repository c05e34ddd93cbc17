import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cacheDirectory, readConfig, SETTINGS, SettingsError } from '../src/settings/config.ts'
import { makeDataDirectory } from './support/run-directory.ts'

type Given = Record<string, string>

const ADMIN_KEY = `ck_admin_${'k'.repeat(43)}`
const SECRET_KEY = 's'.repeat(43)
const CLUSTER = { KAFKA_BROKERS: 'kafka:9092', CLARION_ADMIN_KEY: ADMIN_KEY, CLARION_SECRET_KEY: SECRET_KEY }

const read = (given: Given) => readConfig(given, { environment: { HOME: '/nonexistent' } })

function problemsOf(given: Given): readonly string[] {
  try {
    read(given)
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}

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

describe('a start is refused, with the reason and an example, over', () => {
  it.each([
    ['PORT', '80.5', "'80.5' is not written in decimal digits alone"],
    ['PORT', '1e3', "'1e3' is not written"],
    ['PORT', '0x10', "'0x10' is not written"],
    ['PORT', '010', "'010' is not written"],
    ['PORT', '8080abc', "'8080abc' is not written"],
    ['PORT', '٨٠٨٠', "'٨٠٨٠' is not written"],
    ['PORT', '65536', "'65536' is too large"],
    ['PORT', '-1', "'-1' is too small"],
    ['PORT', '9'.repeat(400), 'is too large'],
    ['CLARION_TIME_SCALE', '0', "'0' is too small"],
    ['CLARION_TIME_SCALE', 'Infinity', "'Infinity' is not written"],
    ['CLARION_SHARDS', '2.5', 'is not written'],
    ['CLARION_ROLES', 'api,api', "entry 2 ('api') repeats entry 1"],
    ['CLARION_ROLES', 'api,delivr', "entry 2 is 'delivr' (did you mean deliver?)"],
    ['CLARION_ROLES', 'api,all', "entry 2 is 'all', which goes alone"],
    ['CLARION_ROLES', 'api,', 'entry 2 is empty'],
    ['EGRESS_ALLOW_HTTP', 'yes', "'yes' is none of them"],
    ['LOG_LEVEL', 'DEBUG', '(did you mean debug?)'],
    ['HOST', 'http://localhost', 'the value is neither an address nor a host name'],
    ['HOST', '127.1', "'127.1' is no IPv4 address"],
    ['HOST', '0177.0.0.1', "'0177.0.0.1' is no IPv4 address"],
    ['HOST', '2130706433', 'is no IPv4 address'],
    ['HOST', '127.0.0.1:8080', 'is neither an address nor a host name'],
    ['HOST', '[127.0.0.1]', 'no IPv6 address between its brackets'],
    ['EGRESS_ALLOW', '127.0.0.0/8,banana', "entry 2 ('banana') is no range"],
    ['EGRESS_ALLOW', '10.1/16', "entry 1 ('10.1/16') is no range: it takes four decimal numbers without leading zeros"],
    ['EGRESS_ALLOW', '010.0.0.0/8', "entry 1 ('010.0.0.0/8') is no range"],
    ['EGRESS_ALLOW', '0x0a.0.0.0/8', 'is no range'],
    ['EGRESS_ALLOW', '167772160/8', 'is no range'],
    ['EGRESS_ALLOW', '10.0.0.1/8', 'write 10.0.0.0/8 for the range, or 10.0.0.1 for the one address'],
    ['EGRESS_ALLOW', 'fd00::1/8', 'write fd00::/8 for the range, or fd00::1 for the one address'],
    ['EGRESS_ALLOW', '10.0.0.0/33', 'has no prefix length from 0 to 32'],
    ['EGRESS_ALLOW', '10.0.0.0/08', 'has no prefix length from 0 to 32'],
    ['EGRESS_ALLOW', '10.0.0.0/', 'has no prefix length from 0 to 32'],
    ['EGRESS_ALLOW', '10.0.0.0/8/8', 'has no prefix length from 0 to 32'],
    ['EGRESS_ALLOW', '10.0.0.0/255.0.0.0', 'has no prefix length from 0 to 32'],
    ['EGRESS_ALLOW', '::/129', 'has no prefix length from 0 to 128'],
    ['EGRESS_ALLOW', '::ffff:0.0.0.0/80', 'bits set beyond its prefix'],
    ['EGRESS_ALLOW', 'fe80::1%eth0/64', 'is no range'],
    ['EGRESS_ALLOW', '[::1]/128', 'is no range'],
    ['EGRESS_ALLOW', '127.0.0.1,::ffff:127.0.0.1/128', 'repeats entry 1'],
    ['CLICKHOUSE_URL', 'banana', 'it begins otherwise'],
    ['CLICKHOUSE_URL', 'ftp://h', 'it begins otherwise'],
    ['CLICKHOUSE_URL', 'http://', 'its host or port cannot be read'],
    ['CLICKHOUSE_URL', 'http://h:0', 'its port is 0'],
    ['CLICKHOUSE_URL', 'http://h:70000', 'its host or port cannot be read'],
    ['CLICKHOUSE_URL', 'http://h/analytics', 'it has a path'],
    ['CLICKHOUSE_URL', 'http://h?database=x', 'it has a query'],
    ['CLICKHOUSE_URL', 'http://h/#', 'it has a fragment'],
    ['CLICKHOUSE_URL', 'http://h h', 'it holds a space'],
    ['CLICKHOUSE_URL', 'http://u:100%@h', 'begins no escape of UTF-8'],
    ['CLICKHOUSE_URL', 'http://:secret@h', 'it has a password without a user name'],
    ['SMTP_URL', 'smtp://:25', 'its host or port cannot be read'],
    ['SMTP_URL', 'smtp:mail', 'it begins otherwise'],
    ['SMTP_URL', 'smtp://user@mail:25', 'it has a user name without a password'],
    ['SMTP_URL', 'smtp://mail:25/inbox', 'it has a path'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'it begins otherwise'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector?key=1', 'it has a query'],
    ['OTEL_SERVICE_NAME', 'x'.repeat(256), 'it has 256'],
    ['CLARION_KEY_HEADER', 'x key', "'x key' is no header name"],
    ['CLARION_KEY_HEADER', 'schlüssel', 'is no header name'],
    ['CLARION_KEY_HEADER', 'Authorization', "'authorization' has another use"],
    ['CLARION_KEY_HEADER', 'idempotency-key', 'has another use'],
    ['CLARION_KEY_HEADER', '__proto__', 'has another use'],
    ['CLARION_KEY_HEADER', 'constructor', 'has another use'],
    ['CLARION_DATA_DIR', '/var/lib/clarion ', 'it begins or ends with white space'],
    ['CLARION_DATA_DIR', '/var/lib/cla\nrion', 'it holds control characters'],
    ['CLARION_CACHE_DIR', ' /var/cache', 'it begins or ends with white space'],
    ['CLARION_ADMIN_KEY', 'short', 'it has 5'],
    ['CLARION_ADMIN_KEY', `${ADMIN_KEY}\n`, 'it holds a space'],
    [
      'CLARION_SECRET_KEY',
      's'.repeat(31),
      'it has 31. An installation that uses a shorter key sets it as CLARION_SECRET_KEY_PREVIOUS',
    ],
    ['CLARION_SECRET_KEY', ` ${SECRET_KEY}`, 'it begins or ends with white space'],
    ['MAIL_FROM', 'Clarion', 'it lacks an address'],
    ['MAIL_FROM', 'a@x.com, b@x.com', 'it is not exactly one address'],
    ['MAIL_FROM', 'a@x.com\nBcc: b@x.com', 'it holds a control character'],
    ['MAIL_FROM', 'team: a@x.com;', 'it is not exactly one address'],
    ['KAFKA_REPLICATION_FACTOR', '3', 'must be 1 without KAFKA_BROKERS'],
  ])("%s='%s'", (name, value, reason) => {
    const problems = problemsOf({ [name]: value })
    expect(problems).toEqual([expect.stringContaining(reason)])
    expect(problems[0]).toMatch(new RegExp(`^${name} must be .*Example: ${name}=\\S`, 's'))
  })

  it.each([
    ['kafka', "entry 1 ('kafka') has no port"],
    ['kafka:', "entry 1 ('kafka:') has a port that is not a number from 1 to 65535"],
    ['kafka:0', 'not a number from 1 to 65535'],
    ['kafka:65536', 'not a number from 1 to 65535'],
    ['kafka:9092/', 'not a number from 1 to 65535'],
    ['kafka:+9092', 'not a number from 1 to 65535'],
    ['a:1,kafka://b:1', 'entry 2 has a scheme'],
    ['a:1,user:pass@b:1', 'entry 2 holds an @'],
    ['::1:9092', 'an IPv6 address goes into brackets'],
    ['[::1]', "entry 1 ('[::1]') has no port"],
    ['[fe80::1%eth0]:1', 'has no IPv6 address between its brackets'],
    ['[kafka]:1', 'has no IPv6 address between its brackets'],
    [':9092', 'has no host'],
    ['127.1:9092', 'is no IPv4 address'],
    ['-kafka:1', 'is neither an address nor a host name'],
    ['a:1,,b:1', 'entry 2 is empty'],
    [',', 'entry 1 is empty'],
    ['a:1,b:1,A:1', "entry 3 ('A:1') repeats entry 1"],
  ])("KAFKA_BROKERS='%s' and KAFKA_CLIENT_BOOTSTRAP alike", (brokers, reason) => {
    const problems = problemsOf({ ...CLUSTER, KAFKA_BROKERS: brokers, KAFKA_CLIENT_BOOTSTRAP: brokers })
    expect(problems).toEqual([
      expect.stringMatching(/^KAFKA_BROKERS must be host:port.*Example: KAFKA_BROKERS=/),
      expect.stringMatching(/^KAFKA_CLIENT_BOOTSTRAP must be host:port.*Example: KAFKA_CLIENT_BOOTSTRAP=/),
    ])
    for (const problem of problems) expect(problem).toContain(reason)
  })

  it.each<[string, Given, string]>([
    [
      'a certificate without its key',
      { ...CLUSTER, KAFKA_SSL_CERT: '/c.pem' },
      'KAFKA_SSL_KEY must be set when KAFKA_SSL_CERT is',
    ],
    [
      'a key without its certificate',
      { ...CLUSTER, KAFKA_SSL_KEY: '/c.key' },
      'KAFKA_SSL_CERT must be set when KAFKA_SSL_KEY is',
    ],
    [
      'tokens from nowhere',
      { ...CLUSTER, KAFKA_SASL_MECHANISM: 'oauthbearer', KAFKA_OAUTH_CLIENT_ID: 'clarion' },
      'KAFKA_OAUTH_TOKEN_URL, KAFKA_OAUTH_CLIENT_SECRET must be set',
    ],
    [
      'a Kafka user without a password',
      { ...CLUSTER, KAFKA_USERNAME: 'u' },
      'KAFKA_PASSWORD must be set when KAFKA_USERNAME is',
    ],
    [
      'a Kafka password without a user',
      { ...CLUSTER, KAFKA_PASSWORD: 'p' },
      'KAFKA_USERNAME must be set when KAFKA_PASSWORD is',
    ],
    ['a cluster without the operator key', { ...CLUSTER, CLARION_ADMIN_KEY: '' }, 'CLARION_ADMIN_KEY must be set'],
    ['a cluster without the secret key', { ...CLUSTER, CLARION_SECRET_KEY: ' ' }, 'CLARION_SECRET_KEY must be set'],
    ['one key for both', { CLARION_ADMIN_KEY: ADMIN_KEY, CLARION_SECRET_KEY: ADMIN_KEY }, 'must differ'],
  ])('%s', (_what, given, reason) => expect(problemsOf(given)).toEqual([expect.stringContaining(reason)]))

  it('all that is wrong at once', () => {
    const names = ['PORT', 'HOST', 'CLARION_SHARDS', 'EGRESS_ALLOW', 'CLICKHOUSE_URL', 'KAFKA_BROKERS', 'KAFKA_SSL']
    const problems = problemsOf({ ...Object.fromEntries(names.map(name => [name, '!'])), KAFKA_USERNAME: 'u' })
    for (const name of names) expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${name} must be `)))
    for (const name of ['KAFKA_PASSWORD', 'CLARION_ADMIN_KEY', 'CLARION_SECRET_KEY'])
      expect(problems).toContainEqual(expect.stringContaining(`${name} must be set`))
    expect(problems).toHaveLength(names.length + 3)
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

describe('whatever is in the environment,', () => {
  const names = SETTINGS.map(({ name }) => name)
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      '',
      ',',
      '://',
      '@',
      '[',
      ']',
      '%',
      '/',
      '?',
      '#',
      ':',
      '127.0.0.1',
      '::1',
      '0',
      'http',
      'smtp',
      'a',
    ),
  )
  const value = fc.array(piece, { maxLength: 8 }).map(parts => parts.join(''))

  it('settings are read or refused by a sentence that shows a right value, never by another error', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), given => {
        for (const problem of problemsOf(given))
          expect(problem).toMatch(/^[A-Z][A-Z_]+ .*(?:Example: |Leave it empty|travels)/s)
      }),
      { numRuns: 2_000 },
    )
  })

  it('no message shows a key, a password or a value that may hold one', () => {
    const SECRET = 'S3cr3t-W0rd'
    const secret = value.map(text => `${SECRET}${text}`)
    const urls = fc
      .tuple(fc.constantFrom('http://', 'smtp://', 'smtps://', 'ftp://', ''), secret)
      .map(([scheme, text]) => `${scheme}user:${text}@host:1`)
    const given = fc.record(
      {
        CLARION_ADMIN_KEY: secret,
        CLARION_SECRET_KEY: secret,
        KAFKA_PASSWORD: secret,
        CLICKHOUSE_URL: urls,
        SMTP_URL: urls,
        OTEL_EXPORTER_OTLP_ENDPOINT: urls,
        KAFKA_BROKERS: urls,
        CLARION_KAFKA_PASSWORD: secret,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(given, settings => {
        const said: string[] = []
        try {
          readConfig(settings, { environment: {}, warn: sentence => said.push(sentence) })
        } catch (error) {
          said.push((error as Error).message)
        }
        expect(said.join('\n')).not.toContain(SECRET)
      }),
      { numRuns: 2_000 },
    )
  })
})
