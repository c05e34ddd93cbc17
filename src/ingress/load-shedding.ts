/**
 * When more is emitted than can be judged, callers are told to come again (503, `Retry-After`) before everybody's verdict is late.
 *
 * What counts is how many emits wait: those that this process has taken, alone, in batches and with `respond-async`, and that lie beyond the positions
 * of `admit`. By as many as are judged a second, over the last two, that tells how long the next one will wait. Once that is above `LATE_S` for a few looks
 * in a row it is overload, until it has been below `WELL_S` for a second without being late again: meanwhile no more may wait than are judged in
 * `KEPT_S`. So what has been taken is judged soon however much is refused, and admission always has work. A burst that is soon judged is none of that,
 * nor are a thousand ever. The event loop needs no watching of its own: an emit passes through it several times on its way, and waits longer when it
 * is late.
 *
 * Who is refused: whoever has more waiting than all could have if they shared the room equally, so a flood is refused first and another organization
 * still gets in. Refusing comes before the body is read, else it would cost as much as it saves. A batch is taken or refused as a whole,
 * and a few of an organization may always wait: whoever sends a thousand in one call waits for all of them, and sends no more meanwhile.
 *
 * An organization of which nothing is judged for `SILENT_MS` waits for something else: its shard is moving, or no `admit` is there. Then its emits are
 * taken all the same and judged later (202, `pending`), until `waitingMax` wait in all. Those of a deleted organization are never judged, and do
 * not count then. What an organization's own Kafka clients produce counts only by making its emits wait; what the platform itself emits is never
 * refused.
 */
import type { Clock, Timer } from '../clock.ts'
import type { Organization } from '../model/records.ts'
import type { Positions } from './ports.ts'

export interface LoadShedder {
  /** Whether a call that emits for this organization must be refused now; `many`: it is a batch. Tells `onShed` if so. */
  refuses(organizationId: string, many?: boolean): boolean
  /**
   * Counts an emit that is being appended to this partition. What it answers must be called once: with the offset, or with undefined when the append
   * was not acknowledged.
   */
  take(organizationId: string, topic: string, partition: number): (offset: number | undefined) => void
  /** Emits that this process has taken and that have no verdict yet. */
  readonly waiting: number
  readonly shedding: boolean
}

const WINDOW_MS = 100
/** Over so long it is counted how many are judged. */
const RATE_MS = 2_000
const LATE_S = 0.75
const LATE_WINDOWS = 3
const KEPT_S = 0.7
const WELL_S = 0.5
/** So many may always wait: below that it is not their number that makes verdicts late. */
const KEPT_MIN = 1_000
/** The same for one organization that comes with a batch: four full ones at a time are no flood. */
const KEPT_OF_BATCHES = 4_000
const SILENT_MS = 1_500
/** Without a late one between them, until it is over. */
const WELL_WINDOWS = 10
/** So many emits of one partition are told apart by nothing but their number. */
const MARK_COUNT = 50

/** Emits of one partition that were taken one after the other. */
interface Mark {
  lastOffset: number
  count: number
}

/** An organization of which something waits. */
interface Lane {
  waiting: number
  /** What has been acknowledged, by `topic/partition`, in order. */
  inputs: Map<string, { topic: string; partition: number; marks: Mark[] }>
  /** When something of it was last judged, or when it began to wait. */
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
  const lanes = new Map<string, Lane>()
  let waiting = 0
  /** Of these, those that wait for their turn and nothing else. */
  let queued = 0
  let timer: Timer | undefined
  const rate = createRate()
  let shedding = false
  let lateWindows = 0
  let wellWindows = 0
  /** How much one organization may have waiting once there is no room; found when it is first asked for. */
  let share: number | undefined

  function look(): void {
    const nowMs = clock.monotonicMs()
    let judged = 0
    queued = 0
    for (const [id, lane] of lanes) {
      const moved = takeJudged(lane, positions)
      lane.waiting -= moved
      judged += moved
      if (moved > 0) lane.movedAtMs = nowMs
      lane.silent = nowMs - lane.movedAtMs >= SILENT_MS
      if (lane.silent && view.organization(id)?.status === 'deleted') waiting -= giveUp(lane)
      if (lane.waiting === 0) lanes.delete(id)
      else if (!lane.silent) queued += lane.waiting
    }
    waiting -= judged
    rate.count(judged, nowMs)
    share = undefined
    if (queued === 0) {
      shedding = false
      lateWindows = 0
    } else if (judged > 0) decide(queued / rate.perS)
    timer = waiting > 0 ? clock.after(WINDOW_MS, look) : undefined
  }

  /** `seconds`: what a new emit would wait. */
  function decide(seconds: number): void {
    lateWindows = seconds > LATE_S ? lateWindows + 1 : 0
    // A hitch in between, such as a large insert, does not begin the wait anew; being late again does.
    if (seconds < WELL_S) wellWindows++
    else if (seconds > LATE_S) wellWindows = 0
    if (lateWindows >= LATE_WINDOWS) shedding = true
    else if (wellWindows >= WELL_WINDOWS) shedding = false
  }

  function isTooMuch(lane: Lane | undefined, many: boolean): boolean {
    const own = lane?.waiting ?? 0
    if (waiting >= waitingMax) return own >= waitingMax / lanes.size
    if (many && own < KEPT_OF_BATCHES) return false
    if (!shedding || lane?.silent) return false
    const kept = Math.max(KEPT_MIN, rate.perS * KEPT_S)
    if (queued < kept) return false
    share ??= equalShare([...lanes.values()].filter(({ silent }) => !silent).map(each => each.waiting), kept) // biome-ignore format: one thought
    return own >= share
  }

  return {
    refuses(organizationId, many = false) {
      const refused = isTooMuch(lanes.get(organizationId), many)
      if (refused) deps.onShed?.()
      return refused
    },
    take(organizationId, topic, partition) {
      const nowMs = clock.monotonicMs()
      if (timer === undefined) {
        rate.begin(nowMs)
        timer = clock.after(WINDOW_MS, look)
      }
      let lane = lanes.get(organizationId)
      if (lane === undefined) {
        lane = { waiting: 0, inputs: new Map(), movedAtMs: nowMs, silent: false }
        lanes.set(organizationId, lane)
      }
      const to = lane
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

function note({ inputs }: Lane, topic: string, partition: number, offset: number): void {
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

/** Forgets what lies before the positions; answers how many that were. */
function takeJudged({ inputs }: Lane, positions: Positions): number {
  let judged = 0
  for (const { topic, partition, marks } of inputs.values()) {
    const position = positions.position(topic, partition) ?? 0
    while (marks[0] !== undefined && marks[0].lastOffset < position) judged += marks.shift()!.count
  }
  return judged
}

/** Forgets all that has been acknowledged; answers how many that were. */
function giveUp(lane: Lane): number {
  let count = 0
  for (const { marks } of lane.inputs.values()) for (const mark of marks) count += mark.count
  lane.inputs.clear()
  lane.waiting -= count
  return count
}

/** The height at which all the waiting, cut off there, are as many as there is room for. */
function equalShare(waiting: number[], room: number): number {
  const ascending = waiting.sort((a, b) => a - b)
  let left = room
  for (const [index, own] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (own >= share) return share
    left -= own
  }
  return Number.POSITIVE_INFINITY
}

/** How many are judged a second: over the last two seconds, or as long as it has been looked at. */
function createRate() {
  let windows: Array<{ fromMs: number; count: number }> = []
  let lastMs = 0
  let perS = 0
  return {
    get perS() {
      return perS
    },
    /** After a time in which nothing waited. */
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
