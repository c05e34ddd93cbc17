import { join } from 'node:path'
import { beforeEach, describe, expect, it } from '@jest/globals'
import { explain } from '../../../../sdks/typescript/src/cli/explain.ts'
import { nearest } from '../../../../sdks/typescript/src/cli/nearest.ts'
import { commandName, OPERATION_COMMANDS } from '../../../../sdks/typescript/src/cli/operations.ts'
import { OPERATIONS } from '../../../../sdks/typescript/src/generated/operations.ts'
import { runHere, startCommand } from '../../support/command.ts'
import { asked, caller, env, home, ok, server } from './set-up.ts'

export function describeGeneral(): void {
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
}
