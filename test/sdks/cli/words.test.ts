/** What the command line says without a platform. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from '@jest/globals'
import { COMMANDS } from '../../../sdks/typescript/src/cli/commands.ts'
import { run } from '../../../sdks/typescript/src/cli/run.ts'
import { systemClock, systemRandom } from '../../../sdks/typescript/src/clock.ts'
import { runCommand, runHere } from '../support/command.ts'

const key = { CLARION_API_KEY: 'ck_live_x' }

describe('clarion', () => {
  it('lists every command with --help, and ends with 2 when it is given nothing', async () => {
    const [help, nothing] = await Promise.all([runCommand({}, ['--help']), runCommand({}, [])])
    for (const { name, sentence } of COMMANDS) expect(help.stdout).toContain(`${name.padEnd(18)}  ${sentence}`)
    expect([help.code, nothing.code, nothing.stdout]).toEqual([0, 2, help.stdout])
  })

  it.each(COMMANDS.map(command => [command.name, command] as const))('%s --help shows its options', async (name, command) => {
    const { code, stdout, stderr } = await runHere({}, [...name.split(' '), '--help'])
    expect([code, stderr, stdout.split('\n')[0]]).toEqual([0, '', ['usage: clarion', name, ...command.positionals, '[options]'].join(' ')])
    for (const option of Object.keys(command.options)) expect(stdout).toContain(`--${option}`)
  })

  const directory = mkdtempSync(join(tmpdir(), 'clarion-cli-'))
  const notCredential = join(directory, 'not.json')
  writeFileSync(notCredential, '{}')
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  it.each([
    ['frobnicate', "there is no command 'frobnicate'", 'one of: emit'],
    ['quarantine', "'quarantine' needs one more word", 'quarantine redrive'],
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

  it('ends with 130 when it is interrupted while it waits for stdin', async () => {
    const controller = new AbortController()
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
    const { signal } = controller
    const running = run({ argv: ['emit', 'a.b'], env: key, ...streams, signal, clock: systemClock, random: systemRandom })
    controller.abort()
    expect(await running).toBe(130)
  })

  it('ends with 2 without a key, and with 3 when nobody answers', async () => {
    const [keyless, silent] = await Promise.all([
      runCommand({}, ['health']),
      runCommand({ ...key, CLARION_URL: 'http://127.0.0.1:1' }, ['health', '--json']),
    ])
    expect([keyless.code, keyless.stderr]).toEqual([2, expect.stringContaining('next: set CLARION_API_KEY')])
    expect(silent.code).toBe(3)
    expect(JSON.parse(silent.stderr).error).toMatchObject({ code: 'network_error', next: expect.stringContaining('CLARION_URL') })
  })
})
