/**
 * BullMQ over Redis with an append-only file that is synced each second. It hands out one job at a time. Its package is
 * fetched once for this machine; `redis-server` has to be installed.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chooseFreePorts } from '../../../src/embedded/free-ports.ts'
import { cacheDirectory } from '../../../src/settings/config.ts'
import { BODY, launch, type OtherQueue, untilItAnswers } from './baseline.ts'

const VERSION = '5.81.5'
const BULK = 1_000
const LOCK_MS = 600_000
const run = promisify(execFile)

interface Job {
  moveToCompleted(value: unknown, token: string, fetchNext: boolean): Promise<unknown>
}

/** What is used of it. */
interface BullMq {
  Queue: new (
    name: string,
    options: object,
  ) => { addBulk(jobs: object[]): Promise<unknown>; waitUntilReady(): Promise<unknown>; close(): Promise<void> }
  Worker: new (
    name: string,
    processor: null,
    options: object,
  ) => { getNextJob(token: string, options: object): Promise<Job | undefined>; close(): Promise<void> }
}

export const bullMq: OtherQueue = {
  name: 'BullMQ, Redis with AOF',
  takesMany: false,
  async open(testbed, queues) {
    await run('redis-server', ['--version']).catch(() => {
      throw new Error('redis-server is not installed (for example `apt install redis-server`)')
    })
    const { Queue, Worker } = createRequire(join(await fetched(), 'package.json'))('bullmq') as BullMq
    const [port] = (await chooseFreePorts(1)) as [number]
    const directory = join(testbed.dataDir, `redis-${port}`)
    mkdirSync(directory)
    const server = launch('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', 'everysec'],
    ])
    await untilItAnswers(testbed.clock, () => run('redis-cli', ['-p', String(port), 'ping']))
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
    const names = Array.from({ length: queues }, (_, queue) => `q${queue}`)
    const opened = names.map(name => new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } }))
    await Promise.all(opened.map(queue => queue.waitUntilReady()))
    const workers = names.map(name => new Worker(name, null, { connection, lockDuration: LOCK_MS, autorun: false }))
    return {
      async fill(perQueue) {
        const jobs = Array.from({ length: BULK }, () => ({ name: 'job', data: JSON.parse(BODY) }))
        for (const queue of opened)
          for (let sent = 0; sent < perQueue; sent += BULK) await queue.addBulk(jobs.slice(0, perQueue - sent))
      },
      async cycle(queue, _max, consumer) {
        const token = `consumer-${consumer}`
        const job = await workers[queue]!.getNextJob(token, { block: false })
        if (job === undefined) return 0
        await job.moveToCompleted('done', token, false)
        return 1
      },
      async close() {
        await Promise.all([...workers, ...opened].map(each => each.close()))
        await server.end()
      },
    }
  },
}

/** The directory that has the package; complete, or not there. */
async function fetched(): Promise<string> {
  const directory = join(cacheDirectory(), `bullmq-${VERSION}`)
  if (existsSync(directory)) return directory
  const draft = `${directory}.${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true })
  await run('npm', ['install', '--prefix', draft, '--no-audit', '--no-fund', '--no-save', `bullmq@${VERSION}`])
  renameSync(draft, directory)
  return directory
}
