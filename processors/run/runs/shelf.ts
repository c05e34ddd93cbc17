/**
 * Runs that wait, as bytes: what one was started with and where it is are compressed once it has been idle for a while,
 * and read again when anything wants them. Its journal has the same, so a crash loses nothing.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Clock, Timer } from '../../../src/clock.ts'
import { createFifo } from '../../../src/delivery/fifo.ts'
import type { RunStart } from '../../../src/workflows/interpreter/run.ts'
import { createRun, restoreRun, snapshotOf } from '../../../src/workflows/interpreter/snapshot.ts'
import { runEntryCodec } from '../../../topics/run-journal.ts'
import type { LiveRun, Present } from '../live-run.ts'
import type { PartsOf } from './parts.ts'

export interface Shelf {
  /** It may be put there if nothing happens to it for a while. */
  idle(live: LiveRun): void
  close(): void
}

const IDLE_MS = 2_000
/** Before another turn: when one has shelved some, and when it has not. */
const AGAIN_MS = 50
const NOTHING_MS = 500
const LOOKS_MAX = 1_000
/** Of one turn, some hundredths of a millisecond each. */
const TURN_MAX = 64
/** One stream for each run: less memory to set up, and payloads are short. */
const COMPRESSION = { level: 1, windowBits: 13, memLevel: 5 } as const

export function createShelf({ clock, startOf }: { clock: Clock; startOf: PartsOf['startOf'] }): Shelf {
  /** Each once, whatever happens to it meanwhile. */
  const queue = createFifo<LiveRun>()
  let timer: Timer | undefined

  function idle(live: LiveRun): void {
    const isQueued = live.shelvedFromMs !== undefined
    live.shelvedFromMs = clock.monotonicMs() + IDLE_MS
    if (isQueued) return
    queue.push(live)
    timer ??= clock.after(IDLE_MS, sweep)
  }

  function sweep(): void {
    timer = undefined
    const nowMs = clock.monotonicMs()
    let shelved = 0
    for (let left = Math.min(queue.length, LOOKS_MAX); left > 0 && shelved < TURN_MAX; left--) {
      const live = queue.shift()!
      if (!live.hasEnded && live.shelvedFromMs! > nowMs) queue.push(live)
      else {
        live.shelvedFromMs = undefined
        if (isIdle(live)) {
          shelve(live)
          shelved++
        }
      }
    }
    if (queue.length > 0) timer = clock.after(shelved > 0 ? AGAIN_MS : NOTHING_MS, sweep)
  }

  function shelve(live: LiveRun): void {
    const { facts, run } = live.present!
    const { program, secret } = run
    const { strict, timeoutMs } = run.start
    const snapshot = run.state.inputs === 0 ? null : snapshotOf(run)
    const entry = runEntryCodec.encode({ facts, snapshot, inputs: [], effects: 0, records: 0 })
    // A copy: what zlib answers is the beginning of a larger block.
    const bytes = new Uint8Array(deflateRawSync(entry, COMPRESSION))
    live.journal.snapshot = null
    live.present = undefined
    live.bringBack = () => {
      const read = runEntryCodec.decode(inflateRawSync(bytes))
      live.journal.snapshot = read.snapshot
      // As at the beginning of the run, whatever its workflow has become.
      const start: RunStart = Object.assign(startOf(read.facts), { strict, timeoutMs })
      idle(live)
      return present(read.facts, read.snapshot, { program, secret, start })
    }
  }

  return {
    idle,
    close() {
      timer?.cancel()
    },
  }
}

function present(facts: Present['facts'], snapshot: string | null, parts: Parameters<typeof createRun>[0]): Present {
  if (snapshot === null) return { facts, run: createRun(parts) }
  return { facts, run: restoreRun(parts, { snapshot, inputs: [], effects: 0, records: 0 }).run }
}

/** Everything of it has committed, and nothing is under way in this process. */
function isIdle(live: LiveRun): boolean {
  const { present, journal } = live
  if (present === undefined || live.hasEnded || live.isWalking || live.isQueued) return false
  const { inputs, ended } = present.run.state
  const isSealed = journal.isWritten && journal.inputs.length === 0 && journal.committed === inputs && ended === null
  const hasMail = inputs === 0 ? live.slot !== 'waiting' : live.mailbox.length > 0
  return isSealed && !hasMail && live.held.length === 0 && live.underWay.size === 0
}
