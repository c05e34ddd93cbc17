/** Several processes of each role, each in a slot of its own that is filled again when its process ends. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child, Children } from '../bench/children.ts'
import type { Clock } from '../src/clock.ts'
import { chooseFreePorts } from '../src/embedded/free-ports.ts'
import { SETTINGS } from '../src/settings/config.ts'

export const ADMIN_KEY = `ck_admin_${'faults'.repeat(7)}`
const LOG_FILE = 'end-of-log'
const SECRET_KEY = 'secret-of-the-faults'.repeat(2)
/** Twelve processes start at once, each of which reads its code. */
const READY_MS = 300_000
const RESTART_PAUSE_MS = 500

export interface Slot {
  name: string
  role: string
  base: string
  /** Of the process that is in the slot now. */
  pid(): number
  running(): boolean
  kill(signal: NodeJS.Signals): void
  /** Ends it cleanly and starts it with this shift of its clock. */
  shiftClock(offsetMs: number): Promise<void>
  keepLog(): void
}

export interface Fleet {
  slots: Slot[]
  of(role: string): Slot[]
  /** Resolves when every process says that it is ready. */
  ready(): Promise<void>
  /** Unexpected exits. */
  unexpected: string[]
  /** The end of what each process printed, as a file in its directory. */
  keepLogs(): void
  close(): Promise<void>
}

export async function startFleet(deps: {
  children: Children
  clock: Clock
  dataDir: string
  sizes: Record<string, number>
  /** Addresses of the backends, as they are now. */
  env(): Record<string, string>
  /** A process that has ended is started again after so long; half a second by default. */
  restartPauseMs?: number
  say(sentence: string): void
}): Promise<Fleet> {
  const { clock, children, restartPauseMs = RESTART_PAUSE_MS } = deps
  const unexpected: string[] = []
  let closing = false
  const names = Object.entries(deps.sizes).flatMap(([role, size]) =>
    Array.from({ length: size }, (_, n) => ({ role, name: `${role}-${n + 1}` })),
  )
  const ports = await chooseFreePorts(names.length)
  const slots = names.map(({ role, name }, index) => openSlot(role, name, ports[index]!))

  function openSlot(role: string, name: string, port: number): Slot {
    const dataDir = join(deps.dataDir, name)
    mkdirSync(dataDir, { recursive: true })
    const defaults = Object.fromEntries(
      SETTINGS.filter(({ name }) => name !== 'CLARION_CACHE_DIR').map(({ name }) => [name, '']),
    )
    const fixed = { PORT: String(port), CLARION_DATA_DIR: dataDir, CLARION_ROLES: role, CLARION_ADMIN_KEY: ADMIN_KEY }
    const common = {
      CLARION_SECRET_KEY: SECRET_KEY,
      EGRESS_ALLOW: '127.0.0.0/8',
      EGRESS_ALLOW_HTTP: 'true',
      LOG_LEVEL: 'warn',
    }
    let offsetMs = 0
    let asked = false
    let child: Child = start()

    function start(): Child {
      const env = {
        ...defaults,
        ...fixed,
        ...common,
        CLARION_TIME_SCALE: '0.01',
        CLARION_CLOCK_OFFSET_MS: String(offsetMs),
        ...deps.env(),
      }
      const started = children.start({ file: new URL('../src/main.ts', import.meta.url), env })
      void started.exited.then(code => ended(started, code))
      return started
    }

    /** Like a supervisor: starts ended processes again. */
    async function ended(of: Child, code: number | string): Promise<void> {
      if (closing || of !== child) return
      if (!asked) {
        unexpected.push(`${name} ended with ${code}:\n${of.log().slice(-600)}`)
        deps.say(`${name} ended by itself with ${code}`)
      }
      asked = false
      await clock.sleep(restartPauseMs)
      if (!closing) child = start()
    }

    return {
      role,
      name,
      base: `http://127.0.0.1:${port}`,
      pid: () => child.pid,
      running: () => child.running(),
      kill(signal) {
        if (!child.running()) return
        asked ||= signal === 'SIGKILL' || signal === 'SIGTERM'
        child.process.kill(signal)
      },
      async shiftClock(ms) {
        offsetMs = ms
        const { process, running, exited } = child
        if (!running()) return
        asked = true
        process.kill('SIGTERM')
        await exited
      },
      keepLog: () => writeFileSync(join(dataDir, LOG_FILE), child.log()),
    }
  }

  const isReady = (slot: Slot) => fetch(`${slot.base}/ready`, { signal: AbortSignal.timeout(2_000) }).then(answer => answer.ok, () => false) // biome-ignore format: one thought

  return {
    slots,
    of: role => slots.filter(slot => slot.role === role),
    unexpected,
    keepLogs() {
      for (const slot of slots) slot.keepLog()
    },
    async ready() {
      const deadline = clock.monotonicMs() + READY_MS
      for (const slot of slots) {
        while (!(await isReady(slot))) {
          if (clock.monotonicMs() > deadline) throw new Error(`${slot.name} is not ready after ${READY_MS / 1000} s`)
          await clock.sleep(100)
        }
      }
    },
    async close() {
      closing = true
      for (const slot of slots) slot.kill('SIGCONT')
      await children.close()
    },
  }
}
