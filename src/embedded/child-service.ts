/**
 * Supervises a child program that serves on loopback while the platform runs: starts it, records it, waits for it,
 * reports an unexpected end, and closes it. It has a process group of its own, so that a terminal's Ctrl-C, which
 * signals the whole group, does not stop it before the platform has drained.
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { adviceFor } from './data-files.ts'
import { chooseFreePorts, isFree } from './free-ports.ts'
import { forgetChild, type ProgressLogger, recordChild } from './part-directory.ts'
import { endProcess } from './process-identity.ts'
import { readStored, type StoredFile, writePrivate } from './stored-files.ts'

/**
 * A killed broker with tens of thousands of partitions takes minutes on a busy machine; killing it again would only
 * make the next start longer.
 */
const START_LIMITS = { logEveryMs: 5_000, giveUpAfterMs: 600_000 }
const STOP_MS = 30_000
/** Another program may take a port between its choice and its use. */
const PORT_TRIES = 3
const KEPT_PORT_TRIES = 15
const KEPT_PORT_PAUSE_MS = 200

export interface Service {
  /** Its name in sentences: "the Kafka broker". */
  what: string
  directory: string
  /** Its log files, whose last lines are shown when it fails. */
  logPaths: string[]
  /** The data that it loads, which may be damaged if it ends during its start, and the advice for that case. */
  reads?: { data: string; advice: string }
  /** The data with which other processes join. */
  connection: object
  /** Whether it serves requests now. */
  answers(): Promise<boolean>
  /** Called when it ends although nothing closed it, with the reason in a sentence. */
  onExit: ((reason: string) => void) | undefined
  /** Progress of the start, in words, where the child reports it. */
  howFar?(): string | undefined
  /** Receives messages while a start takes long. */
  logger: ProgressLogger
  /** Cancels a start that is under way. */
  stop?: AbortSignal | undefined
  /** Ends it cleanly; SIGTERM by default. */
  stopSignal?: NodeJS.Signals
}

const living = new Set<number>()

/** Signals all running children without waiting: the last action of a process that must end at once. */
export function signalChildren(signal: NodeJS.Signals): void {
  for (const pid of living) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * Resolves when the child serves; `close` ends it cleanly (at most 30 s, then by force). Logs every 5 s that it is
 * still starting, with its progress. Throws with the end of its log if it ends, or does not serve within 10 minutes.
 */
export async function superviseChild(
  child: ChildProcess,
  service: Service,
  { logEveryMs, giveUpAfterMs } = START_LIMITS,
): Promise<{ pid: number; close(): Promise<void> }> {
  const { what, directory, logPaths, connection, answers, onExit, logger, stop } = service
  let ended: string | undefined
  let serving = false
  child.once('error', error => {
    ended = `${what} cannot be started: ${error.message}`
  })
  if (child.pid === undefined) throw new Error(`${what} cannot be started: is ${child.spawnfile} installed?`)
  const identity = recordChild(directory, child.pid, connection)
  living.add(identity.pid)
  child.once('exit', (code, signal) => {
    living.delete(identity.pid)
    ended = `${what} ended with ${signal ?? `code ${code}`}; its log is ${logPaths[0]}`
    forgetChild(directory, identity)
    if (serving) onExit?.(ended)
  })
  const close = async () => {
    serving = false
    await endProcess(identity, STOP_MS, service.stopSignal)
    forgetChild(directory, identity)
  }
  const startedAtMs = performance.now()
  let logAtMs = logEveryMs
  while (!(await answers())) {
    if (ended) throw new Error(`${ended}\n${lastLines(logPaths)}${damageOf(service)}`)
    if (stop?.aborted) {
      await close()
      throw stop.reason
    }
    const passedMs = performance.now() - startedAtMs
    if (passedMs > giveUpAfterMs) {
      await close()
      throw new Error(
        `${what} did not start within ${giveUpAfterMs / 1000} s; its log is ${logPaths[0]}\n${lastLines(logPaths)}`,
      )
    }
    if (passedMs > logAtMs) {
      const howFar = service.howFar?.()
      logger.info(
        `${what} is still starting after ${Math.round(passedMs / 1000)} s${howFar ? `, ${howFar}` : ''}; its log is ${logPaths[0]}`,
      )
      logAtMs += logEveryMs
    }
    await pause(20)
  }
  serving = true
  return { pid: identity.pid, close }
}

const damageOf = ({ reads }: Service): string =>
  reads ? `\nIf a file below ${reads.data} is named there, it cannot be read. ${reads.advice}` : ''

/**
 * Calls `start` with the ports of the last start, so that its clients find them again; with other ports where one is
 * taken, also if that shows only during the start.
 */
export async function withKeptPorts<T>(
  directory: string,
  count: number,
  start: (ports: number[]) => Promise<T>,
): Promise<T> {
  const file = portsFile(directory, count)
  for (let attempt = 1; ; attempt++) {
    const known = attempt === 1 ? readStored(file) : undefined
    const ports = known && (await freeSoon(known)) ? known : await chooseFreePorts(count)
    if (ports !== known) writePrivate(file.path, JSON.stringify(ports))
    try {
      return await start(ports)
    } catch (error) {
      const taken = /Address already in use|EADDRINUSE/.test((error as Error).message)
      if (!taken || attempt === PORT_TRIES) throw error
    }
  }
}

export const portsFile = (directory: string, count: number): StoredFile<number[]> => ({
  path: join(directory, 'ports.json'),
  advice: adviceFor('ports.json', directory),
  holds: (value): value is number[] => Array.isArray(value) && value.length === count && value.every(isPort),
})

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536

/** Clients of a killed child may hold its port for a moment. */
async function freeSoon(ports: number[]): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return true
    if (tries === KEPT_PORT_TRIES) return false
    await pause(KEPT_PORT_PAUSE_MS)
  }
}

function lastLines(paths: string[]): string {
  const lines = paths.flatMap(path => {
    try {
      return readFileSync(path, 'utf8').trim().split('\n').slice(-15)
    } catch {
      return []
    }
  })
  return lines.join('\n')
}
