/** The command line without a platform: a server that answers as one would. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { exampleOf } from '../../../sdks/typescript/src/cli/example-of.ts'
import { explain } from '../../../sdks/typescript/src/cli/explain.ts'
import { nearest } from '../../../sdks/typescript/src/cli/nearest.ts'
import { commandName, OPERATION_COMMANDS } from '../../../sdks/typescript/src/cli/operations.ts'
import { placeOf } from '../../../sdks/typescript/src/cli/profiles.ts'
import { OPERATIONS } from '../../../sdks/typescript/src/generated/operations.ts'
import { signatureHeaders } from '../../../sdks/typescript/src/webhooks/index.ts'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { runHere, startCommand } from '../support/command.ts'

const ok = (data: unknown, meta: object = {}) => ({
  status: 200,
  headers: { date: new Date().toUTCString() },
  body: JSON.stringify({ success: true, data, meta }),
})
const caller = {
  kind: 'key',
  organization: { id: 'org_1', name: 'Northwind', slug: 'northwind', plan: 'PRO', status: 'active' },
  key: { id: 'key_1', name: 'k', environment: 'test', scopes: ['events:read'], expiresAt: null },
}

let server: Receiver
let home: string
let env: Record<string, string>
beforeEach(async () => {
  server = await createReceiver()
  home = mkdtempSync(join(tmpdir(), 'clarion-home-'))
  env = { HOME: home, CLARION_URL: server.url, CLARION_API_KEY: 'ck_test_x' }
})
afterEach(async () => {
  rmSync(home, { recursive: true, force: true })
  await server.close()
})
const asked = () => server.requests.map(({ method, path, body }) => [method, path, body.toString()])

describe('clarion', () => {
  it('says its version, and takes -h for --help, before and behind a command', async () => {
    expect((await runHere({}, ['--version'])).stdout).toBe('clarion 0.1.0\n')
    expect((await runHere({}, ['-h'])).stdout).toContain('usage: clarion COMMAND')
    expect((await runHere({}, ['emit', '-h'])).stdout).toContain('usage: clarion emit NAME')
  })

  it('takes global options before the command', async () => {
    server.answerWith(() => ok(caller))
    const { code, json } = await runHere({ HOME: home }, ['--url', server.url, '--key=ck_test_y', '--json', 'whoami'])
    expect([code, json.kind, json.urlFrom, json.keyFrom]).toEqual([0, 'key', '--url', '--key'])
    expect(server.requests[0]!.headers.authorization).toBe('Bearer ck_test_y')
  })

  it.each([
    ['emti a.b', 'did you mean clarion emit?'],
    ['webhook lst', 'did you mean clarion webhooks list?'],
    ['webhooks creat', 'did you mean clarion webhooks create?'],
    ['emit a.b --dta {}', 'did you mean --data?'],
  ])('%s: %s', async (line, said) => {
    const { code, stderr } = await runHere(env, line.split(' '))
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
    expect(nearest('frobnicate', ['emit', 'health'])).toBeUndefined()
  })

  it.each([
    [['--url', 'localhost:8080', 'whoami'], 'write http://localhost:8080'],
    [['--key', 'ck_test_secret\n', 'whoami'], 'a newline'],
    [['--url', 'http://me:secret@127.0.0.1', 'whoami'], 'a user or a password'],
  ])('%j ends with 2, and shows neither key nor password', async (words, said) => {
    const { code, stderr } = await runHere(env, words)
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
    expect(stderr).not.toContain('secret')
  })

  it('ends as it would where nobody reads its messages', async () => {
    const running = startCommand(env, ['frobnicate'])
    running.closeStderr()
    expect((await running.finished).code).toBe(2)
  })

  it('says that the folder of --out is missing, without a stack', async () => {
    server.answerWith(({ path }) =>
      path.includes('/types')
        ? ok({ language: 'go', schemaHash: 'h', code: 'c' })
        : ok([{ id: 'cer_1', version: '1.0.0', status: 'published' }], { nextCursor: null }),
    )
    const { code, stderr } = await runHere(env, ['types', 'a.b', '--out', join(home, 'nowhere', 'a.go')])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^clarion: .*a\.go cannot be written: ENOENT\n$/)])
  })

  it('explains a message that is too large as that, not as brokers out of reach', () => {
    const lines: string[] = []
    const error = Object.assign(new Error('The request included a message larger than the max message size'), {
      ...{ name: 'KafkaJSProtocolError', type: 'MESSAGE_TOO_LARGE' },
    })
    const stderr = { write: (text: string) => void lines.push(text) }
    expect(explain(error, { json: false } as never, stderr as never)).toBe(1)
    expect(lines.join('')).toContain('payload_too_large')
    expect(lines.join('')).toContain('at most 256 KB')
  })
})

describe('every operation is a command', () => {
  it('of its own name', () => {
    const calls = Object.keys(OPERATIONS).filter(call => OPERATIONS[call]!.answer !== 'stream')
    expect(OPERATION_COMMANDS.map(({ name }) => name)).toEqual(calls.map(commandName))
    expect(new Set(calls.map(commandName)).size).toBe(calls.length)
    expect(commandName('events.webhooks.deadLetters')).toBe('webhooks dead-letters')
    expect(commandName('events.custom.federation.externalPeers.add')).toBe('custom federation external-peers add')
  })

  it('that lists, with its filters and its pages', async () => {
    server.answerWith(({ path }) =>
      path.includes('cursor')
        ? ok([{ id: 'whk_2' }], { nextCursor: null })
        : ok([{ id: 'whk_1' }], { nextCursor: 'c1' }),
    )
    const page = await runHere(env, ['webhooks', 'list', '--limit', '1'])
    expect([page.stdout, page.stderr]).toEqual(['ID\nwhk_1\n', 'more: --cursor c1, or --all\n'])
    const all = await runHere(env, ['webhooks', 'list', '--all', '--format', '{id}'])
    expect(all.stdout).toBe('whk_1\nwhk_2\n')
    expect(asked()[0]).toEqual(['GET', '/api/v1/webhooks?limit=1', ''])
  })

  it('that makes something, from options and from JSON', async () => {
    server.answerWith(() => ok({ id: 'whk_1' }))
    const words = [
      'webhooks',
      'create',
      '--body-url',
      'https://a.example/',
      '--events',
      '["*"]',
      '--timeout-ms',
      '5000',
    ]
    await runHere(env, words)
    await runHere(env, ['webhooks', 'update', 'whk_1', '--data', '{"active":false}', '--if-match', '3'])
    expect(asked()).toEqual([
      ['POST', '/api/v1/webhooks', '{"url":"https://a.example/","events":["*"],"timeoutMs":5000}'],
      ['PATCH', '/api/v1/webhooks/whk_1', '{"active":false}'],
    ])
    expect(server.requests[1]!.headers['if-match']).toBe('3')
  })

  it('refuses a value of another kind at its option', async () => {
    const { code, stderr } = await runHere(env, ['webhooks', 'list', '--limit', 'many'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--limit is a number')])
    expect(server.requests).toEqual([])
  })

  it('and api makes any call', async () => {
    server.answerWith(() => ok([{ id: 'whk_1', url: 'u' }]))
    const { stdout } = await runHere(env, ['api', 'get', '/webhooks', '--query', 'health=failing', '--csv'])
    expect([stdout, asked()[0]]).toEqual(['id,url\nwhk_1,u\n', ['GET', '/api/v1/webhooks?health=failing', '']])
  })
})

describe('output', () => {
  beforeEach(() =>
    server.answerWith(() =>
      ok([
        { id: 'a', name: '=1+1', note: 'x "y", z' },
        { id: 'b', more: { n: 1 } },
      ]),
    ),
  )
  it.each([
    ['--ndjson', '{"id":"a","name":"=1+1","note":"x \\"y\\", z"}\n{"id":"b","more":{"n":1}}\n'],
    // A spreadsheet would run a formula.
    ['--csv', 'id,name,note,more\na,\'=1+1,"x ""y"", z",\nb,,,"{""n"":1}"\n'],
    ['--format={id}:{more.n}', 'a:-\nb:1\n'],
  ])('%s', async (option, expected) => {
    expect((await runHere(env, ['webhooks', 'attempts', 'dlv_1', option])).stdout).toBe(expected)
  })

  it('has one form at a time, and never a colour', async () => {
    const both = await runHere(env, ['webhooks', 'attempts', 'dlv_1', '--json', '--csv'])
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('is enough')])
    const plain = await runHere({ ...env, FORCE_COLOR: '1' }, ['webhooks', 'attempts', 'dlv_1'])
    expect(plain.stdout).not.toContain('\u001b')
  })
})

describe('login', () => {
  it('keeps a key that works in a file that only its owner reads, and whoami says where it is from', async () => {
    server.answerWith(() => ok(caller))
    const { code } = await runHere({ HOME: home }, ['login', '--url', server.url], 'ck_test_kept\n')
    const file = join(home, '.config', 'clarion', 'config.json')
    expect([code, statSync(file).mode & 0o777]).toEqual([0, 0o600])
    expect(JSON.parse(readFileSync(file, 'utf8')).profiles.default).toEqual({ url: server.url, key: 'ck_test_kept' })
    const { json } = await runHere({ HOME: home }, ['whoami', '--json'])
    expect([json.urlFrom, json.keyFrom]).toEqual(['profile default', 'profile default'])
    chmodSync(file, 0o644)
    await runHere({ HOME: home }, ['login', '--url', server.url, '--profile', 'other', '--key', 'ck_test_other'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await runHere({ HOME: home }, ['whoami', '--profile', 'other'])
    expect(server.requests.at(-1)!.headers.authorization).toBe('Bearer ck_test_other')
  })

  it('keeps no key that is refused', async () => {
    const error = { code: 'unauthorized', message: 'm', requestId: 'r', retryable: false }
    server.answerWith(() => ({ status: 401, headers: {}, body: JSON.stringify({ success: false, error }) }))
    const { code } = await runHere({ HOME: home }, ['login', '--url', server.url, '--key', 'ck_test_wrong'])
    expect(code).toBe(1)
    expect(() => statSync(join(home, '.config'))).toThrow('ENOENT')
  })

  const given = { url: undefined, key: undefined, profile: undefined }
  it('is after options and the environment, and a profile that is named before the environment', async () => {
    const folder = join(home, 'project')
    mkdirSync(folder)
    mkdirSync(join(home, '.config', 'clarion'), { recursive: true })
    const profiles = { default: { url: 'http://d', key: 'kd' }, test: { url: 'http://t', key: 'kt' } }
    writeFileSync(join(home, '.config', 'clarion', 'config.json'), JSON.stringify({ current: 'default', profiles }))
    const place = async (more: Record<string, string>, of: Partial<typeof given> | Record<string, string> = {}) => {
      const { url, key } = await placeOf({ HOME: home, ...more }, { ...given, ...of } as typeof given, folder)
      return [url, key]
    }
    expect(await place({})).toEqual(['http://d', 'kd'])
    expect(await place({ CLARION_URL: 'http://e', CLARION_API_KEY: 'ke' })).toEqual(['http://e', 'ke'])
    expect(await place({ CLARION_API_KEY: 'ke' }, { profile: 'test' })).toEqual(['http://t', 'kt'])
    expect(await place({ CLARION_PROFILE: 'test' }, { key: 'ko' })).toEqual(['http://t', 'ko'])
    writeFileSync(join(folder, '.clarion.json'), '{"profile":"test","url":"http://f"}')
    expect(await place({})).toEqual(['http://f', 'kt'])
    await expect(place({}, { profile: 'nobody' })).rejects.toThrow("there is no profile 'nobody'")
    writeFileSync(join(folder, '.clarion.json'), '{"key":"ck_live_x"}')
    await expect(place({})).rejects.toThrow('a file of a project is committed')
  })
})

describe('trigger', () => {
  it('emits the example of the newest version, with changes', async () => {
    const of = (version: string, createdAt: string, more: object) => ({
      id: version,
      version,
      createdAt,
      status: 'published',
      ...more,
    })
    server.answerWith(({ method }) =>
      method === 'GET'
        ? ok(
            [of('1.0.0', '2026-01-01', {}), of('2.0.0', '2026-02-01', { payloadExample: { total: 1, customer: {} } })],
            { nextCursor: null },
          )
        : ok({ emitId: 'cee_1' }),
    )
    const { code } = await runHere(env, ['trigger', 'shop.order', '--set', 'total=5,customer.name=Ada'])
    const sent = JSON.parse(server.requests.at(-1)!.body.toString())
    expect([code, sent.payload]).toEqual([0, { total: 5, customer: { name: 'Ada' } }])
  })

  it('makes one from the schema', () => {
    const schema = {
      type: 'object',
      properties: {
        id: { type: 'string', minLength: 10 },
        at: { type: 'string', format: 'date-time' },
        n: { type: 'integer', minimum: 3 },
        kind: { enum: ['a', 'b'] },
        items: { type: 'array', items: { type: 'object', properties: { ok: { type: 'boolean' } } } },
      },
    }
    expect(exampleOf(schema)).toEqual({
      ...{ id: 'examplexxx', at: '2026-01-01T00:00:00Z', n: 3, kind: 'a' },
      items: [{ ok: true }],
    })
  })
})

describe('verify', () => {
  const judge = async (body: string, secret: string, timestampS = Math.floor(Date.now() / 1_000)) => {
    const headers = signatureHeaders('{"a":1}', {
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      id: 'd',
      timestampS,
    })
    const file = join(home, 'headers.txt')
    writeFileSync(
      file,
      Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\r\n'),
    )
    return runHere({ HOME: home }, ['verify', '--secret', secret, '--header-file', file, '--profile', 'standard'], body)
  }

  it('says whether a request is genuine, and why not, but never the secret', async () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    expect(await judge('{"a":1}', secret)).toMatchObject({ code: 0, stdout: expect.stringContaining('true') })
    const changed = await judge('{"a": 1}', secret)
    expect(changed).toMatchObject({ code: 1, stdout: expect.stringContaining('other_secret_or_body') })
    expect(await judge('{"a":1}', secret, 1_000)).toMatchObject({ code: 1, stdout: expect.stringContaining('too_old') })
    expect(changed.stdout + changed.stderr).not.toContain('MfKQ9')
  })
})

describe('plan and apply', () => {
  it('show and do what files say, and do nothing if one of them would be refused', async () => {
    const folder = join(home, 'events')
    mkdirSync(folder)
    writeFileSync(
      join(folder, 'a.json'),
      JSON.stringify({ namespace: 'shop', name: 'order', version: '1.0.0', payloadSchema: {} }),
    )
    writeFileSync(join(folder, 'b.json'), JSON.stringify({ name: 'audit', url: 'https://a.example/', events: ['*'] }))
    let valid = true
    server.answerWith(({ method, path }) => {
      if (path.endsWith('/dry-run'))
        return ok({ valid, semverBump: 'initial', schemaHash: 'h', findings: [{ code: 'invalid_name', message: 'm' }] })
      return method === 'GET' ? ok([], { nextCursor: null }) : ok({ id: 'x' })
    })
    const made = () => asked().filter(([method, path]) => method === 'POST' && !path!.endsWith('/dry-run'))
    const planned = await runHere(env, ['plan', folder])
    expect([planned.code, planned.stdout.match(/register|create/g), made()]).toEqual([0, ['register', 'create'], []])
    expect((await runHere(env, ['apply', folder])).code).toBe(0)
    expect(made().map(([, path]) => path)).toEqual(['/api/v1/events/custom', '/api/v1/webhooks'])
    valid = false
    const refused = await runHere(env, ['apply', folder])
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('invalid_name')])
    expect(made()).toHaveLength(2)
  })
})

describe('doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    server.answerWith(({ path }) =>
      path === '/openapi.json'
        ? {
            status: 200,
            headers: { date: new Date().toUTCString() },
            body: '{"info":{"title":"Clarion","version":"0.1.0"}}',
          }
        : ok(caller),
    )
    const { code, stdout } = await runHere(env, ['doctor'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('Northwind is active')])
    expect(stdout).not.toContain('bad')
  })

  it('names an address where something else answers, and a clock that is wrong', async () => {
    server.answerWith(({ path }) => (path === '/openapi.json' ? { status: 200, headers: {}, body: '{}' } : ok(caller)))
    expect(await runHere(env, ['doctor'])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('something else answers'),
    })
    const { url } = server
    await server.close()
    const away = await runHere({ HOME: home, CLARION_URL: url }, ['doctor'])
    expect([away.code, away.stdout]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
  })
})

it.each(['bash', 'zsh', 'fish'])('completion %s names commands', async shell => {
  const { code, stdout } = await runHere({}, ['completion', shell])
  expect([code, stdout]).toEqual([0, expect.stringContaining('webhooks')])
})
