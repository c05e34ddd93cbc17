/** A wrong start prints one sentence, exits with code 1, and leaves nothing running. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { identifyProcess, waitUntilGone } from '../src/embedded/process-identity.ts'
import { SETTINGS } from '../src/settings/config.ts'
import { SHARDS, startPlatform } from './support/platform.ts'
import { adopt, makeDataDirectory } from './support/run-directory.ts'

const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))

const FLAGS = ['--disable-warning=ExperimentalWarning']
const environment = (settings: Record<string, string>) => {
  return {
    ...process.env,
    PORT: '0',
    LOG_LEVEL: 'silent',
    CLARION_BROKER_PROFILE: 'test',
    CLARION_BROKER_HEAP_MB: '256',
    CLARION_SHARDS: String(SHARDS),
    ...settings,
  }
}

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
      said: 'clarion: --role needs a role: api, admit, deliver, record\n',
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

/** Java and ClickHouse of this data directory that run now. */
function partsOf(dataDir: string): number[] {
  return ['kafka', 'clickhouse'].flatMap(part => {
    try {
      const { pid } = JSON.parse(readFileSync(join(dataDir, part, 'process.json'), 'utf8')) as { pid: number }
      return identifyProcess(pid) ? [pid] : []
    } catch {
      return []
    }
  })
}

/** Every process that works in the data directory: what formats the storage has no file that names it. */
function processesIn(dataDir: string): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(dataDir)
    } catch {
      return false
    }
  })
}

const exitOf = (child: ChildProcess) =>
  new Promise<number | NodeJS.Signals | null>(resolve => child.once('exit', (code, signal) => resolve(code ?? signal)))

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
  it.each(['SIGHUP', 'SIGQUIT', 'SIGTERM'] as const)(
    '%s drains a platform, which leaves nothing behind',
    async signal => {
      const platform = await startPlatform()
      const parts = partsOf(platform.dataDir)
      expect(parts).toHaveLength(2)
      process.kill(platform.pid, signal) // to it alone: a terminal would tell the whole group
      expect(await platform.stop(signal)).toBe(0)
      expect(parts.map(pid => identifyProcess(pid))).toEqual([undefined, undefined])
    },
    120_000,
  )

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

  const moments: Array<[string, (dataDir: string) => boolean]> = [
    ['the directory is taken', dataDir => existsSync(join(dataDir, 'kafka', 'owner.lock'))],
    ['the storage is formatted', dataDir => existsSync(join(dataDir, 'kafka', 'formatting', 'format.properties'))],
    ['ClickHouse has been started', dataDir => existsSync(join(dataDir, 'clickhouse', 'process.json'))],
    ['the broker has been started', dataDir => existsSync(join(dataDir, 'kafka', 'process.json'))],
    ['both serve', dataDir => existsSync(join(dataDir, 'kafka', 'secret-key-ids.json'))],
  ]
  it.each(moments)(
    'ends a start at any moment, and what it had started: when %s',
    async (_, came) => {
      const dataDir = makeDataDirectory()
      const env = environment({ CLARION_DATA_DIR: dataDir, PORT: '0', CLARION_BROKER_PROFILE: 'default' })
      const child = spawn(process.execPath, [...FLAGS, PROGRAM], { env, stdio: 'ignore' })
      adopt(child.pid!)
      const exited = exitOf(child)
      while (!came(dataDir)) await pause(5)
      child.kill('SIGTERM')
      expect(await exited).toBe(0)
      expect(partsOf(dataDir)).toEqual([])
      if (process.platform === 'linux') expect(processesIn(dataDir)).toEqual([])
      for (const part of ['kafka', 'clickhouse'])
        expect([part, existsSync(join(dataDir, part, 'owner.lock'))]).toEqual([part, false])
    },
    120_000,
  )
})
