/**
 * Load shedding: when emits arrive faster than admission can judge them, some callers get 503 with `Retry-After` before
 * every verdict is late.
 *
 * The signal is the number of queued emits: those that this process has appended, alone, in batches and with
 * `respond-async`, and that lie beyond the positions of `admit`. Divided by the rate of verdicts over the last two
 * seconds it is the wait of the next emit. Shedding begins when that wait is above `LATE_S` in several samples in a
 * row, and ends when it has been below `WELL_S` for a second. Meanwhile no more emits may be queued than admission
 * judges in `ADMIT_LIMIT_S`, so that accepted emits are judged soon however many are refused, and admission always has
 * work. Short bursts, and fewer than 1,000 queued emits, never trigger shedding. The event loop is not measured
 * separately: an emit passes through it several times, so a late loop lengthens the wait.
 *
 * Organizations above their fair share are rejected first, so that a flood does not shut out another organization. A
 * call is refused before its body is read, else refusing would cost as much as it saves. A batch is taken or refused as
 * a whole; every organization may queue a few emits, and one that sends a thousand in a call waits for all of them.
 *
 * An organization without a verdict for `SILENT_MS` waits for another reason: its shard is moving, or no `admit` runs.
 * Its emits are still taken and judged later (202, `pending`), up to `waitingMax` of all organizations. Those of a
 * deleted organization are never judged and do not count then. Records of an organization's own Kafka clients count
 * only by making its emits wait; the platform's own emits are never refused.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Organization } from '../model/organizations.ts'
import type { Positions } from './ports.ts'

export interface LoadShedder {
  /**
   * Whether a call that emits for this organization must be refused now; `many`: it is a batch. A refusal calls
   * `onShed`.
   */
  refuses(organizationId: string, many?: boolean): boolean
  /**
   * Counts an emit that is being appended to this partition. The returned function must be called once: with the
   * offset, or with undefined when the append was not acknowledged.
   */
  take(organizationId: string, topic: string, partition: number): (offset: number | undefined) => void
  /** Emits that this process has taken and that have no verdict yet. */
  readonly waiting: number
  readonly shedding: boolean
}

const WINDOW_MS = 100
/** The window over which the rate of verdicts is measured. */
const RATE_MS = 2_000
const LATE_S = 0.75
const LATE_WINDOWS = 3
const ADMIT_LIMIT_S = 0.7
const WELL_S = 0.5
/** Emits that may always wait: fewer do not make verdicts late by their number. */
const QUEUED_MIN = 1_000
/** The same for one organization that sends batches: four full ones at a time are no flood. */
const QUEUED_IN_BATCHES = 4_000
const SILENT_MS = 1_500
/** Samples below `WELL_S`, without a late one between them, that end shedding. */
const WELL_WINDOWS = 10
/** Emits of one partition that share a mark: they are counted together and forgotten together. */
const MARK_COUNT = 50

/** Consecutive emits of one partition. */
interface Mark {
  lastOffset: number
  count: number
}

/** An organization with waiting emits. */
interface Backlog {
  waiting: number
  /** Acknowledged emits by `topic/partition`, in order. */
  inputs: Map<string, { topic: string; partition: number; marks: Mark[] }>
  /** The time of its last verdict, or of its first waiting emit. */
  movedAtMs: number
  silent: boolean
}

export function createLoadShedder(deps: {
  clock: Clock
  positions: Positions
  view: { organization(organizationId: string): Pick<Organization, 'status'> | undefined }
  waitingMax: number
  onShed?(): void
}): LoadShedder {
  const { clock, positions, view, waitingMax } = deps
  const backlogs = new Map<string, Backlog>()
  let waiting = 0
  /** Of these, emits that wait only for their turn. */
  let queued = 0
  let timer: Timer | undefined
  const rate = createRate()
  let shedding = false
  let lateWindows = 0
  let wellWindows = 0
  /** The emits that one organization may have waiting while shedding; computed when first needed. */
  let share: number | undefined

  function sample(): void {
    const nowMs = clock.monotonicMs()
    let judged = 0
    queued = 0
    for (const [id, backlog] of backlogs) {
      const moved = takeJudged(backlog, positions)
      backlog.waiting -= moved
      judged += moved
      if (moved > 0) backlog.movedAtMs = nowMs
      backlog.silent = nowMs - backlog.movedAtMs >= SILENT_MS
      if (backlog.silent && view.organization(id)?.status === 'deleted') waiting -= giveUp(backlog)
      if (backlog.waiting === 0) backlogs.delete(id)
      else if (!backlog.silent) queued += backlog.waiting
    }
    waiting -= judged
    rate.count(judged, nowMs)
    share = undefined
    if (queued === 0) {
      shedding = false
      lateWindows = 0
    } else if (judged > 0) decide(queued / rate.perS)
    timer = waiting > 0 ? clock.after(WINDOW_MS, sample) : undefined
  }

  /** `seconds`: the wait of a new emit. */
  function decide(seconds: number): void {
    lateWindows = seconds > LATE_S ? lateWindows + 1 : 0
    // A sample between the two limits, as during a large insert, does not restart the count; a late one does.
    if (seconds < WELL_S) wellWindows++
    else if (seconds > LATE_S) wellWindows = 0
    if (lateWindows >= LATE_WINDOWS) shedding = true
    else if (wellWindows >= WELL_WINDOWS) shedding = false
  }

  function isTooMuch(backlog: Backlog | undefined, many: boolean): boolean {
    const own = backlog?.waiting ?? 0
    if (waiting >= waitingMax) return own >= waitingMax / backlogs.size
    if (many && own < QUEUED_IN_BATCHES) return false
    if (!shedding || backlog?.silent) return false
    const limit = Math.max(QUEUED_MIN, rate.perS * ADMIT_LIMIT_S)
    if (queued < limit) return false
    share ??= fairShare([...backlogs.values()].filter(({ silent }) => !silent).map(each => each.waiting), limit) // biome-ignore format: one thought
    return own >= share
  }

  return {
    refuses(organizationId, many = false) {
      const refused = isTooMuch(backlogs.get(organizationId), many)
      if (refused) deps.onShed?.()
      return refused
    },
    take(organizationId, topic, partition) {
      const nowMs = clock.monotonicMs()
      if (timer === undefined) {
        rate.begin(nowMs)
        timer = clock.after(WINDOW_MS, sample)
      }
      let backlog = backlogs.get(organizationId)
      if (backlog === undefined) {
        backlog = { waiting: 0, inputs: new Map(), movedAtMs: nowMs, silent: false }
        backlogs.set(organizationId, backlog)
      }
      const to = backlog
      const add = (count: 1 | -1) => {
        to.waiting += count
        waiting += count
        if (!to.silent) queued += count
      }
      add(1)
      return offset => {
        if (offset === undefined) add(-1)
        else note(to, topic, partition, offset)
      }
    },
    get waiting() {
      return waiting
    },
    get shedding() {
      return shedding
    },
  }
}

function note({ inputs }: Backlog, topic: string, partition: number, offset: number): void {
  const key = `${topic}/${partition}`
  const input = inputs.get(key)
  const last = input?.marks.at(-1)
  if (last !== undefined && last.count < MARK_COUNT) {
    last.lastOffset = Math.max(last.lastOffset, offset)
    last.count++
    return
  }
  const mark = { lastOffset: offset, count: 1 }
  if (input === undefined) inputs.set(key, { topic, partition, marks: [mark] })
  else input.marks.push(mark)
}

/** Removes marks before the positions; answers the number of their emits. */
function takeJudged({ inputs }: Backlog, positions: Positions): number {
  let judged = 0
  for (const { topic, partition, marks } of inputs.values()) {
    const position = positions.position(topic, partition) ?? 0
    while (marks[0] !== undefined && marks[0].lastOffset < position) judged += marks.shift()!.count
  }
  return judged
}

/** Removes all acknowledged emits; answers their number. */
function giveUp(backlog: Backlog): number {
  let count = 0
  for (const { marks } of backlog.inputs.values()) for (const mark of marks) count += mark.count
  backlog.inputs.clear()
  backlog.waiting -= count
  return count
}

/** The fair share: if every backlog is cut off there, the sum is the limit (max-min fairness). */
function fairShare(waiting: number[], limit: number): number {
  const ascending = waiting.sort((a, b) => a - b)
  let left = limit
  for (const [index, own] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (own >= share) return share
    left -= own
  }
  return Number.POSITIVE_INFINITY
}

/** Verdicts a second over the last two seconds, or since measuring began. */
function createRate() {
  let windows: Array<{ fromMs: number; count: number }> = []
  let lastMs = 0
  let perS = 0
  return {
    get perS() {
      return perS
    },
    /** Restarts after a time in which nothing waited. */
    begin(nowMs: number) {
      windows = []
      lastMs = nowMs
    },
    count(count: number, nowMs: number) {
      windows.push({ fromMs: lastMs, count })
      lastMs = nowMs
      while (windows.length > 1 && windows[0]!.fromMs < nowMs - RATE_MS) windows.shift()
      const seconds = (nowMs - (windows[0]?.fromMs ?? nowMs)) / 1_000
      perS = seconds > 0 ? windows.reduce((sum, window) => sum + window.count, 0) / seconds : 0
    },
  }
}
