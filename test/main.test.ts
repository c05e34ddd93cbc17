/** A wrong start prints one sentence, exits with code 1, and leaves nothing running. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { identifyProcess, waitUntilGone } from '../src/embedded/process-identity.ts'
import { SETTINGS } from '../src/settings/config.ts'
import { endStartWhen, environment, exitOf, FLAGS, MOMENTS, PROGRAM, partsOf } from './started-program.ts'
import { startPlatform } from './support/platform.ts'
import { adopt, makeDataDirectory } from './support/run-directory.ts'

function start(given: string[], settings: Record<string, string>, limit = ''): { code: number | null; said: string } {
  const run = spawnSync('/bin/sh', ['-c', `${limit} exec "$0" "$@"`, process.execPath, ...FLAGS, PROGRAM, ...given], {
    env: environment(settings),
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
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^clarion: The data directory \S+ cannot be used: .*\. Set CLARION_DATA_DIR/),
    ])
  })

  it('whose home is no file system names it', () => {
    const { code, said } = start([], {
      CLARION_DATA_DIR: makeDataDirectory(),
      HOME: '/proc/clarion',
      CLARION_CACHE_DIR: '',
    })
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(
        /^clarion: The cache directory \/proc\/clarion\S* cannot be used: .*\/proc takes no directories\. Set CLARION_CACHE_DIR/,
      ),
    ])
  })

  it('for want of open files and Java says both, in a sentence each, before anything starts', () => {
    const dataDir = makeDataDirectory()
    const { code, said } = start([], { CLARION_DATA_DIR: dataDir, PATH: '/nowhere' }, 'ulimit -n 256;')
    expect(code).toBe(1)
    expect(said.split('\n')).toEqual([
      'clarion: The platform cannot start here:',
      expect.stringMatching(
        /^ {2}- A process may have only 256 files open at a time.*run `ulimit -n 65536` in the shell/,
      ),
      expect.stringMatching(/^ {2}- Java is missing: install Java 17 or newer/),
      '',
    ])
    expect(readdirSync(dataDir)).toEqual([])
  })

  it('shows on --help every setting, apart from its sentence', () => {
    const { said } = start(['--help'], {})
    const shown = said.split('\n').map(line => line.trim().split(/ {2,}/))
    for (const { name, sentence } of SETTINGS) expect(shown).toContainEqual([name, expect.stringContaining(sentence)])
  })

  it('requires the role that --role needs', () => {
    expect(start(['--role'], {})).toEqual({
      code: 1,
      said: 'clarion: --role needs a role: api, admit, deliver, run, queue, record\n',
    })
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

describe('a platform that cannot go on', () => {
  it('ends its children as well', async () => {
    const platform = await startPlatform()
    const [kafka, clickhouse] = partsOf(platform.dataDir).map(pid => identifyProcess(pid)!)
    // The broker cannot be started again: its settings cannot be written.
    const settings = join(platform.dataDir, 'kafka', 'server.properties')
    rmSync(settings)
    mkdirSync(settings)
    process.kill(kafka!.pid, 'SIGKILL')
    expect(await platform.stop('SIGCONT')).toBe(1)
    expect(platform.log()).toContain('Kafka cannot be started again')
    expect(await waitUntilGone(clickhouse!, 30_000)).toBe(true)
  }, 120_000)
})

describe('a signal', () => {
  it('still drains it when its output is not read any more', async () => {
    const dataDir = makeDataDirectory()
    const child = spawn(process.execPath, [...FLAGS, PROGRAM], {
      env: environment({ CLARION_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'debug' }),
    })
    adopt(child.pid!)
    const exited = exitOf(child)
    child.stdout.destroy()
    child.stderr.destroy()
    while (partsOf(dataDir).length < 2) await pause(20)
    const parts = partsOf(dataDir)
    await pause(0)
    child.kill('SIGHUP')
    expect(await exited).toBe(0)
    expect(parts.map(pid => identifyProcess(pid))).toEqual([undefined, undefined])
  }, 120_000)

  it.each(['the directory is taken', 'the broker has been started'] as const)(
    'ends a start at any moment, and what it had started: when %s',
    moment => endStartWhen(MOMENTS[moment]),
    120_000,
  )
})
