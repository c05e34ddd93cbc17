import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { readConfig, SETTINGS } from '../src/settings/config.ts'
import { ADMIN_KEY, CLUSTER, type Given, problemsOf, SECRET_KEY } from './given-settings.ts'
import { TIMES } from './support/searches.ts'

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
      { numRuns: 200 * TIMES },
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
      { numRuns: 200 * TIMES },
    )
  })
})
