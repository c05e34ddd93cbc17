/** The command line against a running platform. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Client, createClient, verifyWebhookSignature } from '../../../sdks/typescript/src/index.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { createReceiver } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'
import { runCommand, runHere, startCommand } from '../support/command.ts'

let platform: TestPlatform
let organization: TestOrganization
let client: Client
let env: Record<string, string>
let name: string
const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))
const payloadSchema = {
  type: 'object',
  required: ['total'],
  properties: { total: { type: 'number' } },
  additionalProperties: false,
}
beforeAll(async () => {
  platform = await sharedPlatform()
  organization = await platform.organization('PRO')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
  env = { CLARION_URL: platform.base, CLARION_API_KEY: organization.apiKey }
  name = `${organization.slug}.order.paid`
  await client.events.custom.register({
    namespace: organization.slug,
    name: 'order.paid',
    version: '1.0.0',
    status: 'published',
    payloadSchema,
  })
}, 120_000)
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
})
/** Without a process of its own; what depends on one runs in one. */
const clarion = (...words: string[]) => runHere(env, words)

describe('clarion emit', () => {
  it('shows the verdict, as lines or as JSON, for a payload from a word, a file or stdin', async () => {
    const file = join(directory, 'payload.json')
    writeFileSync(file, '{"total": 12.50}\n')
    const [word, fromFile, piped] = await Promise.all([
      runCommand(env, ['emit', name, '--data', '{"total":1}', '--idempotency-key', 'k1']),
      clarion('emit', name, '--data', `@${file}`, '--json'),
      runCommand(env, ['emit', name, '--json', '--subject', 's-1'], '{"total":3}'),
    ])
    expect([word.code, word.stderr]).toEqual([0, ''])
    expect(word.stdout).toMatch(/^emitId +cee_\w+\neventId +evt_\w+\n/)
    expect(word.stdout).toMatch(/\nquota.used +\d+\nquota.limit +100000\n$/)
    expect([fromFile.json.status, piped.json.status]).toEqual(['queued', 'queued'])
    const emitted = () => client.events.custom.emits.get(piped.json.emitId as string)
    expect((await until(emitted, ({ status }) => status !== 'REQUESTED')).subject).toBe('s-1')
    expect(
      (await clarion('emit', name, '--data', '{"total":1}', '--idempotency-key', 'k1', '--json')).json.deduplicated,
    ).toBe(true)
  })

  it('that is refused ends with 1, names each place and says what to do', async () => {
    const { code, stdout, stderr } = await runCommand(env, ['emit', name, '--data', '{"total":"x"}'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^clarion: payload_invalid: .*\n {2}\/total: must be number\nnext: .*\nrequest: req_\w+\n$/)
    const json = JSON.parse((await clarion('emit', 'no.such', '--data', '{}', '--json')).stderr)
    expect(json.error).toMatchObject({
      code: 'event_not_registered',
      requestId: expect.stringMatching(/^req_/),
      next: expect.any(String),
    })
    const stranger = await runHere({ ...env, CLARION_API_KEY: 'ck_live_x' }, ['health'])
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('next: set CLARION_API_KEY')])
  })
})

describe('clarion dry-run and clarion health', () => {
  it('dry-run ends with 0 for what could be registered, and with 1 and every finding for what could not', async () => {
    const schema = join(directory, 'schema.json')
    writeFileSync(schema, JSON.stringify(payloadSchema))
    const template = ['--namespace', organization.slug, '--name', 'order.paid', '--schema', schema]
    const good = await clarion('dry-run', ...template, '--version', '2.0.0')
    expect([good.code, good.stdout]).toEqual([0, expect.stringMatching(/valid +true\n.*semverBump +major\n/s)])
    const whole = join(directory, 'registration.json')
    writeFileSync(
      whole,
      JSON.stringify({ namespace: 'events', name: 'X', version: '1', payloadSchema: { type: 'array' } }),
    )
    const [bad, json] = await Promise.all([clarion('dry-run', whole), clarion('dry-run', whole, '--json')])
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringMatching(/invalid_name: .*invalid_version_format: /s)])
    expect((json.json.findings as unknown[]).length).toBeGreaterThan(2)
  })

  it('health shows plan and usage', async () => {
    const [shown, json] = await Promise.all([clarion('health'), clarion('health', '--json')])
    expect(shown.stdout).toMatch(/^plan +PRO\nregistrations.used +1\n/)
    expect(json.json).toMatchObject({ plan: 'PRO', emits: { monthlyLimit: 100_000 } })
  })
})

describe('clarion types', () => {
  it('makes types of the published version, to stdout or into a file', async () => {
    const file = join(directory, 'order-paid.ts')
    const [shown, written] = await Promise.all([
      clarion('types', name),
      clarion('types', name, '--out', file, '--json'),
    ])
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('total: number')])
    expect([written.json.file, readFileSync(file, 'utf8').trim()]).toEqual([file, shown.stdout.trim()])
    const unknown = await clarion('types', `${name}.not`)
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('has no published version')])
  })
})

describe('clarion listen', () => {
  it('forwards accepted events as signed deliveries, in order, and shows their answers', async () => {
    const receiver = await createReceiver({
      answer: ({ path, body }) => ({ status: path === '/hook' && body.includes('"total":2') ? 500 : 204 }),
    })
    const listening = startCommand(env, [
      'listen',
      '--events',
      name,
      '--forward-to',
      `${receiver.url}/hook`,
      '--count',
      '3',
    ])
    await listening.says('listening')
    const secret = /the secret is (\S+)/.exec(listening.stderr())![1]!
    const webhook = await client.events.webhooks.create({ url: `${receiver.url}/webhook`, events: [name] })
    const emitted = []
    for (const total of [1, 2, 3])
      emitted.push(await client.events.custom.emit({ name, payload: { total }, subject: 's' }))
    await client.events.custom.emit({ name: 'platformxe.generic', payload: { kind: 'other' } })
    const { code, stdout, stderr } = await listening.finished
    expect([code, stdout.trim().split('\n').map(line => line.split('  ').at(-1))]).toEqual([0, ['{"total":1}', '{"total":2}', '{"total":3}']]) // biome-ignore format: one thought
    expect([stderr.match(/ok {2}204/g)?.length, stderr.match(/FAILED {2}500/g)?.length]).toEqual([2, 1])
    const ofWebhook = () => receiver.requests.filter(({ path }) => path === '/webhook')
    const [delivered] = await until(ofWebhook, ({ length }) => length > 0)
    const forwarded = receiver.requests.filter(({ path }) => path === '/hook')
    const members = ({ body }: { body: Buffer }) => Object.keys(JSON.parse(body.toString()))
    expect(members(forwarded[0]!)).toEqual(members(delivered!))
    // The chain's token is one that only the platform can make.
    const own = ({ headers }: { headers: object }) =>
      Object.keys(headers)
        .filter(header => /^(x-(event|delivery)|webhook)-/.test(header))
        .sort()
    expect(own(forwarded[0]!)).toEqual(own(delivered!).filter(header => header !== 'x-event-chain'))
    expect(JSON.parse(forwarded[0]!.body.toString()).apiVersion).toBe(webhook.apiVersion)
    for (const [index, request] of forwarded.entries()) {
      expect(verifyWebhookSignature(request.body, request.headers, secret)).toBe(true)
      const body = JSON.parse(request.body.toString())
      expect(body).toMatchObject({
        id: emitted[index]!.eventId,
        type: name,
        sequence: emitted[index]!.sequence,
        subject: 's',
        data: { total: index + 1 },
      })
    }
    await receiver.close()
  })

  it('begins at the given number, prints JSON on each line, and ends with 0 on Ctrl-C', async () => {
    const listening = startCommand(env, ['listen', '--after', '0', '--json'])
    await until(
      () => listening.stdout().split('\n').length,
      length => length > 3,
    )
    listening.interrupt()
    const { code, stdout } = await listening.finished
    expect(code).toBe(0)
    expect(stdout.trim().split('\n').slice(0, 3).map(line => JSON.parse(line).sequence)).toEqual([1, 2, 3]) // biome-ignore format: one thought
  })
})

describe('by Kafka', () => {
  const file = join(directory, 'kafka.json')

  it('credentials create writes a file that only its owner reads, list shows no password', async () => {
    const made = await clarion('credentials', 'create', 'laptop', '--out', file)
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining(file)])
    expect(made.stdout).not.toContain(JSON.parse(readFileSync(file, 'utf8')).password)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const listed = await clarion('credentials', 'list')
    expect(listed.stdout).toMatch(/^ID +NAME +ACCESS +USERNAME +CREATEDAT\n\S+ +laptop +both /)
    const other = (await clarion('credentials', 'create', 'other', '--access', 'consume', '--json')).json
    expect((await clarion('credentials', 'delete', other.id as string, '--json')).json).toEqual({
      id: other.id,
      deleted: true,
    })
  })

  it('produce emits each line of stdin, consume and listen read them from the log to the letter', async () => {
    const withKafka = { ...env, CLARION_KAFKA: file }
    const listening = startCommand(withKafka, ['listen', '--events', name, '--count', '2'])
    await listening.says('reading events.')
    const produced = await runCommand(withKafka, ['produce', name, '--json'], '{"total": 12.50}\n\n{"total":13.50}\n')
    expect([produced.code, produced.stdout.trim().split('\n').length]).toEqual([0, 2])
    const { code, stdout } = await listening.finished
    expect([code, stdout]).toEqual([0, expect.stringMatching(/ {2}\{"total": 12\.50\}\n.* {2}\{"total":13\.50\}\n$/)])
    const group = ['consume', '--group', 'mine', '--from-beginning', '--count', '1', '--json']
    const first = await runCommand(withKafka, group)
    const second = await runCommand(withKafka, group)
    expect([first.json.sequence, second.json.sequence]).toEqual([1, 2])
  })

  it('quarantine list, show and redrive: a wrong record is repaired', async () => {
    const produced = await clarion('produce', name, '--data', '{"total":"x"}', '--json', '--kafka', file)
    const emitId = produced.json.emitId as string
    const listed = await until(() => clarion('quarantine', 'list', '--code', 'payload_invalid'), ({ stdout }) => stdout.includes(emitId)) // biome-ignore format: one thought
    expect(listed.stdout).toMatch(
      new RegExp(`^EMITID +CODE +NAME +RECORDEDAT +MESSAGE\\n${emitId} +payload_invalid +${name} `),
    )
    const shown = await clarion('quarantine', 'show', emitId, '--json')
    expect(shown.json).toMatchObject({ emitId, payload: '{"total":"x"}', findings: [{ path: '/total' }] })
    const redriven = await clarion('quarantine', 'redrive', emitId, '--data', '{"total":1.50}', '--json')
    expect([redriven.code, redriven.json.status]).toEqual([0, 'queued'])
    const nobody = await clarion('quarantine', 'show', 'cee_nobody')
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining('not_found')])
  })

  it('a line that is not JSON ends produce with 2 and its number', async () => {
    const { code, stderr } = await runCommand(
      { ...env, CLARION_KAFKA: file },
      ['produce', name],
      '{"total":1}\nnonsense\n',
    )
    expect([code, stderr]).toEqual([2, expect.stringContaining('line 2 is not JSON')])
  })

  it('a line that is not UTF-8 ends produce with 2, its number and the byte; the lines before it are written', async () => {
    const lines = Buffer.concat([
      Buffer.from('{"total":1}\n{"total":2,"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"total":3}\n'),
    ])
    const { code, stdout, stderr } = await runCommand({ ...env, CLARION_KAFKA: file }, ['produce', name], lines)
    expect([code, stdout.trim().split('\n').length, stderr]).toEqual([
      2,
      1,
      expect.stringContaining('line 2 is not UTF-8: byte 16 (0xff)'),
    ])
  })

  it('produce that is interrupted while it waits for a line ends with 130', async () => {
    const waiting = startCommand(env, ['produce', name, '--kafka', file], null)
    waiting.write('{"total":1}\n')
    await until(() => waiting.stdout(), Boolean)
    waiting.interrupt()
    expect((await waiting.finished).code).toBe(130)
  })

  it('a wrong password ends with 1 and says so', async () => {
    const wrong = join(directory, 'wrong.json')
    writeFileSync(wrong, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), password: 'wrong' }))
    const { code, stderr } = await runCommand(env, ['produce', name, '--kafka', wrong, '--data', '{"total":1}'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('kafka_refused')])
  })
})
