/** What a wrong start says: one sentence and exit code 1, and nothing is left running. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { SETTINGS } from '../src/config.ts'
import { makeDataDirectory } from './support/run-directory.ts'

const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))

function start(given: string[], settings: Record<string, string>): { code: number | null; said: string } {
  const env = { ...process.env, PORT: '0', LOG_LEVEL: 'silent', CLARION_BROKER_PROFILE: 'test', CLARION_BROKER_HEAP_MB: '256', ...settings }
  const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, ...given], {
    env,
    encoding: 'utf8',
    timeout: 50_000,
  })
  return { code: run.status, said: run.stdout + run.stderr }
}

describe('a start that cannot work', () => {
  it.each([
    ['below a place that takes no files', () => '/proc/clarion'],
    [
      'that is a file',
      () => {
        const path = join(makeDataDirectory(), 'taken')
        writeFileSync(path, '')
        return path
      },
    ],
  ])('names a data directory %s', (_name, path) => {
    const { code, said } = start([], { CLARION_DATA_DIR: path() })
    expect([code, said]).toEqual([1, expect.stringMatching(/^clarion: The data directory \S+ cannot be used: .*\. Set CLARION_DATA_DIR/)])
  })

  it('shows on --help every setting, apart from its sentence', () => {
    const { said } = start(['--help'], {})
    const shown = said.split('\n').map(line => line.trim().split(/ {2,}/))
    for (const { name, sentence } of SETTINGS) expect(shown).toContainEqual([name, expect.stringContaining(sentence)])
  })

  it('asks for the role that --role needs', () => {
    expect(start(['--role'], {})).toEqual({ code: 1, said: 'clarion: --role needs a role: api, admit, deliver, record\n' })
  })

  it('names the port that is taken before it starts anything', async () => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const dataDir = makeDataDirectory()
    const { code, said } = start([], { CLARION_DATA_DIR: dataDir, PORT: String(port) })
    server.close()
    expect([code, said]).toEqual([1, expect.stringContaining(`Port ${port} on 127.0.0.1 is taken. Set PORT`)])
    for (const part of ['kafka', 'clickhouse']) expect([part, existsSync(join(dataDir, part))]).toEqual([part, false])
  })

  it('names every setting that is wrong, and before them the names that are none', () => {
    const { code, said } = start([], { PORT: '80a', CLARION_SHARDS: '0', CLARION_DATADIR: '/tmp/elsewhere' })
    expect([code, said.split('\n')]).toEqual([
      1,
      [
        'clarion: CLARION_DATADIR is not a setting and has no effect. Did you mean CLARION_DATA_DIR?',
        'clarion: The settings are wrong:',
        expect.stringContaining('PORT must be'),
        expect.stringContaining('CLARION_SHARDS must be'),
        '',
      ],
    ])
  })
})
