/**
 * The lasting name of a group member: a numbered file in the data directory. A process that restarts within its session
 * takes the same slot, and with it its membership. The name holds a random id of the file and no host name, so a copied
 * or recreated host is no duplicate; several processes of a role in one directory take several slots.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../logger.ts'

const TOUCH_MS = 2_000
/** A slot of another host, whose processes cannot be checked from here, is free after this long without an update. */
const UNTOUCHED_MS = 10_000
const SLOTS_MAX = 1_000

/** A process of this machine: its pid and its start time, since pids are reused. */
export interface SlotProcess {
  pid: number
  started: string
}

export interface SlotMachine {
  host: string
  /** This process. */
  self: SlotProcess
  isAlive(process: SlotProcess): boolean
}

export interface InstanceSlot {
  instanceId: string
  /** Frees the slot; its name stays for the next process. */
  close(): void
}

interface SlotFile extends SlotProcess {
  id: string
  host: string
}

/** Undefined when the directory is not writable: the member is a dynamic one then. */
export function openInstanceSlot(deps: {
  directory: string
  role: string
  machine: SlotMachine
  clock: Clock
  random: Random
  logger: Logger
}): InstanceSlot | undefined {
  const { directory, role, clock, logger } = deps
  try {
    mkdirSync(directory, { recursive: true })
    for (let slot = 0; slot < SLOTS_MAX; slot++) {
      const taken = takeSlot(join(directory, `${role}-${slot}`), deps)
      if (taken) return keepSlot({ ...taken, instanceId: `${role}-${slot}-${taken.id}`, clock, logger })
    }
  } catch (error) {
    logger.info(
      { directory, error: String(error) },
      'the directory keeps no files: a restart within the session will not find its shards',
    )
  }
  return undefined
}

interface TakenSlot {
  path: string
  id: string
  text: string
  aside: string
}

function takeSlot(
  path: string,
  { machine, clock, random }: { machine: SlotMachine; clock: Clock; random: Random },
): TakenSlot | undefined {
  const seen = textOf(path)
  const known = seen === undefined ? undefined : parse(seen)
  if (seen !== undefined && !isFree(path, known, machine, clock)) return undefined
  const id = known?.id ?? random.bytes(9).toString('base64url')
  const text = JSON.stringify({ id, host: machine.host, ...machine.self } satisfies SlotFile)
  const aside = `${path}.${random.bytes(6).toString('hex')}`
  if (seen !== undefined && !moveAway(path, seen, `${aside}.old`)) return undefined
  return create(path, text, aside) ? { path, id, text, aside } : undefined
}

function isFree(path: string, known: SlotFile | undefined, machine: SlotMachine, clock: Clock): boolean {
  // A stopped process (SIGSTOP) updates nothing and is alive; taking its name would end it when it continues.
  if (known?.host === machine.host) return !machine.isAlive(known)
  try {
    return clock.machineMs() - statSync(path).mtimeMs > UNTOUCHED_MS
  } catch {
    return false
  }
}

/**
 * If several processes find the same slot free, one moves its file away; a file that another has just created goes
 * back.
 */
function moveAway(path: string, seen: string, aside: string): boolean {
  try {
    renameSync(path, aside)
    const isSeen = textOf(aside) === seen
    if (!isSeen) linkSync(aside, path)
    rmSync(aside, { force: true })
    return isSeen
  } catch (error) {
    rmSync(aside, { force: true })
    if (['ENOENT', 'EEXIST'].includes(codeOf(error))) return false
    throw error
  }
}

/** Creates the file with its content; false when it exists. */
function create(path: string, text: string, aside: string): boolean {
  writeFileSync(aside, text)
  try {
    linkSync(aside, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function keepSlot({
  path,
  text,
  aside,
  instanceId,
  clock,
  logger,
}: TakenSlot & { instanceId: string; clock: Clock; logger: Logger }): InstanceSlot {
  let timer: Timer | undefined
  let isClosed = false

  async function touch(): Promise<void> {
    const there = await readFile(path, 'utf8').catch(error =>
      codeOf(error) === 'ENOENT' ? undefined : Promise.reject(error),
    )
    if (isClosed) return
    if (there === undefined) create(path, text, aside)
    else if (there === text) await utimes(path, new Date(clock.machineMs()), new Date(clock.machineMs()))
  }

  function touchLater(): void {
    timer = clock.after(TOUCH_MS, () => {
      touch()
        .catch(error => logger.debug({ path, error: String(error) }, 'the slot of this process cannot be touched'))
        .finally(() => {
          if (!isClosed) touchLater()
        })
    })
  }
  touchLater()

  return {
    instanceId,
    close() {
      isClosed = true
      timer?.cancel()
      try {
        if (textOf(path) !== text) return
        // No process has pid 0.
        writeFileSync(aside, JSON.stringify({ ...(JSON.parse(text) as SlotFile), pid: 0, started: '' }))
        renameSync(aside, path)
      } catch (error) {
        logger.debug({ path, error: String(error) }, 'the slot of this process cannot be freed')
      }
    },
  }
}

/** Undefined when there is no such file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Undefined when it is damaged. */
function parse(text: string): SlotFile | undefined {
  try {
    const { id, host, pid, started } = JSON.parse(text) as Partial<SlotFile>
    if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) return undefined
    return { id, host: String(host), pid: Number(pid), started: String(started) }
  } catch {
    return undefined
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException)?.code ?? ''
