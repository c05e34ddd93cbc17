/** Output of the command line without a platform. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { afterAll, describe, expect, it } from '@jest/globals'
import { COMMANDS, MAIN_COMMANDS } from '../../../sdks/typescript/src/cli/commands.ts'
import { decode, linesOf } from '../../../sdks/typescript/src/cli/input.ts'
import { run } from '../../../sdks/typescript/src/cli/run.ts'
import { systemClock, systemRandom } from '../../../sdks/typescript/src/clock.ts'
import { runCommand, runHere } from '../support/command.ts'

const key = { CLARION_API_KEY: 'ck_live_x' }

describe('clarion', () => {
  it('lists every command with --help, and ends with 2 when it is given nothing', async () => {
    const [help, nothing] = await Promise.all([runCommand({}, ['--help']), runCommand({}, [])])
    const widest = Math.max(...MAIN_COMMANDS.map(({ name }) => name.length))
    for (const { name, sentence } of MAIN_COMMANDS) expect(help.stdout).toContain(`${name.padEnd(widest)}  ${sentence}`)
    expect([help.code, nothing.code, nothing.stdout]).toEqual([0, 2, help.stdout])
  })

  it.each(COMMANDS.map(command => [command.name, command] as const))(
    '%s --help shows its options',
    async (name, command) => {
      const { code, stdout, stderr } = await runHere({}, [...name.split(' '), '--help'])
      expect([code, stderr, stdout.split('\n')[0]]).toEqual([
        0,
        '',
        ['usage: clarion', name, ...command.positionals, '[options]'].join(' '),
      ])
      for (const option of Object.keys(command.options)) expect(stdout).toContain(`--${option}`)
    },
  )

  const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))
  const notCredential = join(directory, 'not.json')
  writeFileSync(notCredential, '{}')
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  it.each([
    ['frobnicate', "there is no command 'frobnicate'", 'one of: login'],
    ['quarantine', "'quarantine' needs one more word", 'quarantine redrive'],
    ['dead-letters redrive', 'the dead letters are not chosen', 'give --webhook'],
    ['dead-letters redrive --status x', '--status must be a whole number of at least 100', ''],
    ['emit', 'NAME is missing', 'clarion emit --help'],
    ['emit a b', "'b' is one word too many", 'clarion emit --help'],
    ['emit a --bogus', "Unknown option '--bogus'", 'clarion emit --help'],
    ['emit a --data {', 'the payload is not JSON', ''],
    ['emit a --data []', 'the payload must be a JSON object', ''],
    ['emit a --data @/nowhere', '/nowhere cannot be read: ENOENT', ''],
    ['dry-run --name x', 'namespace, version, payloadSchema missing', 'give FILE'],
    ['listen --count 0', '--count must be a whole number of at least 1', ''],
    ['listen --forward-to ftp://x', '--forward-to must be a URL', ''],
    ['listen --forward-to http://x --profile p', "there is no profile 'p'", 'standard, platforma'],
    ['produce a', 'there is no Kafka credential', 'clarion credentials create'],
    [`consume --kafka ${notCredential}`, 'not.json is not a Kafka credential', 'clarion credentials create'],
    ['credentials create a --access all', "there is no access 'all'", 'produce, consume, both'],
    [`credentials create a --out ${notCredential}`, 'not.json is there already', ''],
  ])('%s: ends with 2, says what is wrong and what would be right', async (line, problem, next) => {
    const { code, stdout, stderr } = await runHere(key, line.split(' '))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(problem)
    if (next !== '') expect(stderr).toMatch(new RegExp(`next: .*${next.replace(/[()]/g, '.')}`))
  })

  const latin1 = Buffer.from('{"name":"Jos\xe9"}', 'latin1')
  it.each([
    ['bytes of another encoding', latin1, 'is not UTF-8: byte 12 (0xe9) begins no whole character'],
    [
      'a character that is cut off',
      Buffer.from('{"name":"José').subarray(0, -1),
      'byte 12 (0xc3) begins no whole character',
    ],
    [
      'an overlong form',
      Buffer.from([0x7b, 0xc0, 0xaf, 0x7d]),
      'is not UTF-8: byte 1 (0xc0) begins no whole character',
    ],
    [
      'half a surrogate pair',
      Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
      'is not UTF-8: byte 1 (0xed) begins no whole character',
    ],
    ['UTF-16', Buffer.from('\ufeff{"name":"José"}', 'utf16le'), 'is UTF-16, not UTF-8'],
  ])('refuses %s, from a file or stdin, and says where they are', async (_, bytes, problem) => {
    const file = join(directory, 'bytes.json')
    writeFileSync(file, bytes)
    const all = await Promise.all([
      runHere(key, ['emit', 'a.b', '--data', `@${file}`]),
      runHere(key, ['emit', 'a.b'], bytes),
      runHere(key, ['emit', 'a.b', '--data', '-'], bytes),
      runHere(key, ['quarantine', 'redrive', 'cee_1', '--data', '-'], bytes),
      runHere(key, ['dry-run', file]),
    ])
    for (const { code, stdout, stderr } of all)
      expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(problem)])
    expect(all[0]!.stderr).toContain('next: save it as UTF-8')
  })

  it('refuses a word in whose place Node put something else, and takes a byte order mark for what it is', async () => {
    const { code, stderr } = await runHere(key, ['emit', 'a.b', '--data', '{"name":"Jos\ufffd"}'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('word 4 is not UTF-8')])
    expect(decode(Buffer.from('\ufeff{"name":"José"}'), 'it')).toBe('{"name":"José"}')
  })

  it('takes lines by newline only, however they are cut into chunks', async () => {
    const text = '{"a":"\u2028\u2029"}\r\n\n{"b":"é"}'
    const lines: string[] = []
    for await (const line of linesOf(Readable.from([...Buffer.from(text)].map(byte => Buffer.from([byte])))))
      lines.push(line)
    expect(lines).toEqual(text.split('\n'))
  })

  it('ends with 130 when it is interrupted while it waits for stdin', async () => {
    const controller = new AbortController()
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const { signal } = controller
    const running = run({
      argv: ['emit', 'a.b'],
      env: key,
      ...streams,
      signal,
      clock: systemClock,
      random: systemRandom,
    })
    controller.abort()
    expect(await running).toBe(130)
  })

  it('ends with 2 without a key, and with 3 without an answer', async () => {
    const [keyless, silent] = await Promise.all([
      runCommand({}, ['health']),
      runCommand({ ...key, CLARION_URL: 'http://127.0.0.1:1' }, ['health', '--json']),
    ])
    expect([keyless.code, keyless.stderr]).toEqual([
      2,
      expect.stringContaining('next: clarion login, or set CLARION_API_KEY'),
    ])
    expect(silent.code).toBe(3)
    expect(JSON.parse(silent.stderr).error).toMatchObject({
      code: 'network_error',
      next: expect.stringContaining('CLARION_URL'),
    })
  })
})
