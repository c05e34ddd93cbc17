/**
 * Each file of a data directory, damaged in each way. One platform makes the directory; a damaged file is put back after each case. A fault that must
 * stop a start is found before anything runs, so nearly all of the test is work on files.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { DATA_FILES } from '../../src/embedded/data-files.ts'
import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import type { Machine } from '../../src/embedded/preflight.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { startPlatform } from '../support/platform.ts'
import { makeDataDirectory } from '../support/run-directory.ts'
import {
  asAfterPowerFailure,
  batchesIn,
  casesOf,
  copied,
  DAMAGES,
  dataDir,
  directories,
  EMIT,
  emitId,
  escaped,
  files,
  filesWhileRunning,
  NEEDED,
  OF_DIRECTORIES,
  organization,
  quiet,
  READY_MS,
  saidOf,
  sentenceAbout,
  turnBit,
  WRITTEN,
} from './damaged-directory.ts'

const PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
function startProgram() {
  const env = { ...process.env, CLARION_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent' }
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], { env, encoding: 'utf8' })
}

describe('a file of the data directory stops the start, or loses nothing', () => {
  it.each(files)('%s: %s', async (path, how) => {
    const said = await saidOf(path, DAMAGES[how]!)
    const goesOn = WRITTEN.includes(path) ? !/directory|link/.test(how) : how === 'missing' && !NEEDED.includes(path)
    if (goesOn) expect(said).toBeUndefined()
    else expect(said).toEqual(sentenceAbout(path))
  })

  it.each(directories)('%s %s', async (path, how) => {
    const said = await saidOf(path, OF_DIRECTORIES[how]!)
    const goesOn = (how === 'missing' || how === 'empty') && !NEEDED.includes(path)
    if (goesOn) expect(said).toBeUndefined()
    else expect(said).toEqual(sentenceAbout(path))
  })

  const inside = casesOf(['kafka/data/meta.properties', 'leases/admit.1', 'kafka/logs/broker.log'], DAMAGES)
  it.each(inside)('%s: %s', async (path, how) => {
    const said = await saidOf(path, DAMAGES[how]!)
    const goesOn = !path.endsWith('meta.properties') && !/directory|link/.test(how)
    if (goesOn) expect(said).toBeUndefined()
    else expect(said).toContain(join(dataDir, path))
  })

  it.each(['missing', 'empty'])('a log without its own list of topics stops it: %s', async how => {
    expect(await saidOf('kafka/data/__cluster_metadata-0/', OF_DIRECTORIES[how]!)).toContain(
      'which says what topics there are, is missing',
    )
  })

  it.each(Object.keys(DAMAGES))('a list of topics that is damaged stops it: %s', async how => {
    const said = await saidOf('kafka/data/__cluster_metadata-0/00000000000000000000.log', DAMAGES[how]!)
    expect(said).toMatch(/__cluster_metadata-0 cannot be used: .*Restore it from a backup/s)
  })

  it.each<[string, (path: string) => void]>([
    ['cut off', path => truncateSync(path, statSync(path).size >> 1)],
    ['cut off behind a batch', path => truncateSync(path, batchesIn(path).at(-1)!)],
    ['with a bit turned', path => turnBit(path, statSync(path).size >> 1)],
    ['with a bit turned in its first batch', path => turnBit(path, 70)],
  ])('a list of topics stops it: %s', async (_how, damage) => {
    const path = 'kafka/data/__cluster_metadata-0/00000000000000000000.log'
    expect(await saidOf(path, copied(damage))).toMatch(
      /__cluster_metadata-0 cannot be used: .* is empty or damaged\. .*Restore it from a backup/s,
    )
  })

  it('a list of topics without the end that a power failure has cut off does not', async () => {
    const path = 'kafka/data/__cluster_metadata-0/00000000000000000000.log'
    await asAfterPowerFailure(async () => {
      const cutOff = copied(log => truncateSync(log, statSync(log).size - 3))
      expect(await saidOf(path, cutOff)).toBeUndefined()
      const turned = copied(log => turnBit(log, statSync(log).size >> 1))
      expect(await saidOf(path, turned)).toContain('is empty or damaged')
    })
  })

  describe.each(['control-0', 'admission.keys', 'admission.counters', 'events.', 'emits.', '__transaction_state'])(
    'the log of %s…',
    start => {
      /** The first one that has records. */
      const partition = () => {
        const data = join(dataDir, 'kafka', 'data')
        const has = (name: string) =>
          name.startsWith(start) && statSync(join(data, name, '00000000000000000000.log')).size > 0
        return `kafka/data/${readdirSync(data).find(has)}`
      }

      it.each(['missing', 'empty'])('stops it when its directory is %s', async how => {
        const said = await saidOf(`${partition()}/`, OF_DIRECTORIES[how]!)
        expect(said).toContain(
          `kafka/data has lost records: ${basename(partition())} ${how === 'missing' ? 'is missing' : 'has no log'}. `,
        )
        expect(said).toContain('Restore it from a backup')
      })

      it.each<[string, (path: string) => void]>([
        ['missing', path => rmSync(path)],
        ['empty', path => truncateSync(path)],
        ['cut off', path => truncateSync(path, statSync(path).size - 1)],
        ['cut off behind a batch', path => truncateSync(path, batchesIn(path).at(-1)!)],
        ['something else', path => writeFileSync(path, 'something else'.repeat(100))],
      ])('stops it when it is %s', async (how, damage) => {
        const said = await saidOf(`${partition()}/00000000000000000000.log`, copied(damage))
        expect(said).toContain(
          `kafka/data has lost records: ${basename(partition())} ${how === 'missing' ? 'has no log' : 'ends at '}`,
        )
      })

      it('may lack its end after a power failure, but not be missing', async () => {
        await asAfterPowerFailure(async () => {
          const emptied = copied(path => truncateSync(path))
          expect(await saidOf(`${partition()}/00000000000000000000.log`, emptied)).toBeUndefined()
          expect(await saidOf(`${partition()}/`, OF_DIRECTORIES.missing!)).toContain('is missing')
        })
      })
    },
  )

  it('partitions that have lost their records are counted when there are many', async () => {
    const data = join(dataDir, 'kafka', 'data')
    const said = await saidOf(
      'kafka/data/',
      copied(path => {
        for (const name of readdirSync(path))
          if (/^(?:admission|record)\./.test(name)) rmSync(join(path, name), { recursive: true })
      }),
    )
    expect(said).toMatch(
      new RegExp(
        `^${escaped(data)} has lost records: \\S+ is missing, \\S+ is missing, \\S+ is missing and \\d+ more\\. `,
      ),
    )
  })

  it('a topic that was deleted with tools of Kafka is no fault', async () => {
    const events = readdirSync(join(dataDir, 'kafka', 'data')).find(name => name.startsWith('events.'))
    const deleted = copied(path => renameSync(join(path, events!), `${join(path, events!)}.0a1b2c-delete`))
    expect(await saidOf('kafka/data/', deleted)).toBeUndefined()
  })

  it.each([
    'replication-offset-checkpoint',
    'recovery-point-offset-checkpoint',
    'log-start-offset-checkpoint',
    'cleaner-offset-checkpoint',
    'bootstrap.checkpoint',
    '__cluster_metadata-0/quorum-state',
  ])('what Kafka notes for itself is read before it starts: %s', async name => {
    const path = `kafka/data/${name}`
    expect(await saidOf(path, DAMAGES.missing!)).toBeUndefined()
    for (const how of ['cut off', 'a directory', 'a circle of links'])
      expect(await saidOf(path, DAMAGES[how]!)).toMatch(
        new RegExp(`^${escaped(join(dataDir, path))} cannot be read: .*\\. Remove it: Kafka makes it anew\\.$`),
      )
  })

  it('a partition with records that has lost its name stops it', async () => {
    expect(await saidOf('kafka/data/control-0/partition.metadata', DAMAGES.missing!)).toContain(
      'which names its topic, is missing',
    )
  })

  it.each([
    ['kafka/', 'make an empty directory in its place'],
    ['clickhouse/', 'make an empty directory in its place'],
    ['clickhouse/data/store/', 'To go on without the history'],
  ])('a half that is gone stops it: %s', async (path, advice) => {
    expect(await saidOf(path, OF_DIRECTORIES.missing!)).toContain(advice)
  })

  it.each(['kafka/', 'clickhouse/'])('an empty directory in its place says that it is meant: %s', async path => {
    expect(await saidOf(path, OF_DIRECTORIES.empty!)).toBeUndefined()
  })

  it('several at once are all named, in one answer, with what the machine lacks', async () => {
    const ports = join(dataDir, 'clickhouse', 'ports.json')
    const kept = readFileSync(ports)
    writeFileSync(ports, '')
    const poor: Machine = {
      openFiles: () => 256,
      freeBytes: () => 1,
      java: () => Promise.reject(new Error('Java is missing: install it.')),
    }
    const said = await saidOf('kafka/credentials.json', DAMAGES.empty!, poor)
    writeFileSync(ports, kept)
    const lines = said!.split('\n')
    expect(lines[0]).toBe('The platform cannot start here:')
    for (const part of [
      'kafka/credentials.json',
      'clickhouse/ports.json',
      'is full: 0 MB',
      'only 256 files open',
      'Java is missing',
    ])
      expect(lines.filter(line => line.startsWith('  - ') && line.includes(part))).toHaveLength(1)
  })
})

describe('a start', () => {
  it('makes no file that operations.md does not name', () => {
    const known = (name: string) =>
      DATA_FILES.some(
        ({ path }) =>
          name === path ||
          (path.endsWith('/') && name.startsWith(path)) ||
          (name.endsWith('/') && path.startsWith(name)),
      )
    expect(filesWhileRunning.filter(name => !known(name))).toEqual([])
  })

  it('of a broker that would delete the topics stops it before it does', async () => {
    const copy = makeDataDirectory()
    cpSync(join(dataDir, 'kafka'), join(copy, 'kafka'), { recursive: true })
    writeFileSync(join(copy, 'kafka', 'data', '__cluster_metadata-0', '00000000000000000000.log'), '')
    const start = startEmbeddedKafka({
      dataDir: copy,
      cacheDir: cacheDirectory(),
      heapMb: 256,
      profile: 'test',
      logger: quiet,
    })
    await expect(start).rejects.toThrow(
      /has set them aside .* it was stopped before it did\. .*Restore it from a backup/,
    )
    const kept = readdirSync(join(copy, 'kafka', 'data')).find(name => name.startsWith('control-0.'))!
    const log = '00000000000000000000.log'
    const read = (name: string) => readFileSync(join(name, log))
    expect(read(join(copy, 'kafka', 'data', kept))).toEqual(read(join(dataDir, 'kafka', 'data', 'control-0')))
  }, 120_000)

  it(
    'that was refused has lost nothing: the file is restored, and what was written is there',
    async () => {
      for (const [path, damage] of [
        ['kafka/credentials.json', DAMAGES.missing!],
        ['kafka/credentials.json', DAMAGES.empty!],
        ['keys.json', DAMAGES['cut off']!],
      ] as const) {
        const place = join(dataDir, path)
        renameSync(place, `${place}.backup`)
        damage(place)
        const { status, stdout, stderr } = startProgram()
        expect([path, status, stdout]).toEqual([path, 1, ''])
        expect(stderr).toMatch(new RegExp(`^clarion: ${escaped(place)} `))
        rmSync(place, { force: true })
        renameSync(`${place}.backup`, place)
      }
      const again = await startPlatform({ dataDir })
      const read = await again.call(organization.apiKey, 'GET', `/api/v1/events/custom/emits/${emitId}`)
      const repeated = await again.call<{ deduplicated: boolean; emitId: string }>(
        organization.apiKey,
        'POST',
        '/api/v1/events/custom/emit',
        EMIT,
      )
      expect([read.status, repeated.data.deduplicated, repeated.data.emitId]).toEqual([200, true, emitId])
      expect(existsSync(join(dataDir, 'kafka', 'formatting'))).toBe(false)
      expect(readFileSync(join(dataDir, 'kafka', 'secret-key-ids.json'), 'utf8')).toMatch(/^\["[\w-]{12}"\]$/)
      expect(await again.stop()).toBe(0)
    },
    READY_MS,
  )
})
