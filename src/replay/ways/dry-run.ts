/**
 * One dry run: the events that a replay would take to each target are counted, and a few of them shown. It reads
 * partition after partition and keeps nothing but the counts. While names alone decide, only a few headers of each
 * record are decoded; the samples are then read once more.
 */
import type { ReplayItemRow } from '../../../topics/audit-replays.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { events } from '../../../topics/events.ts'
import type { Clock } from '../../clock.ts'
import { readEventHeaders } from '../../events/log-record.ts'
import type { Selectable } from '../../events/selector.ts'
import type { Headers, LogRecord } from '../../kafka/ports.ts'
import type { LogPage } from '../../kafka/read/log-pages.ts'
import type { Replay, ReplayTarget } from '../../model/replays.ts'
import type { ListedEvents } from './listed-events.ts'
import type { LogSource } from './log-merge.ts'
import { createMatching, type Matching } from './matching.ts'
import type { OpenTarget, TargetOwner } from './owner.ts'
import { itemRow } from './replay-items.ts'
import { isBeyond } from './target-runs.ts'
import { type Candidate, NotYet } from './way.ts'

/** The slices between which other work of the process goes on: some milliseconds each. */
const PAGE_BYTES = 256 * 1024
/** Takes no longer with a few headers alone. */
const NAMES_PAGE_BYTES = 1_000_000
const NAMES: ReadonlySet<string> = new Set(['ce_type', 'canonical-name', 'kind', 'recorded-at'])
const SAMPLES_MAX = 10
/** Events in one question to the history. */
const JUDGED_MAX = 500
const NAMES_KNOWN_MAX = 1_000
/** The history may be behind for this long; what it has not said by then counts. */
const SILENCE_MS = 60_000
const AGAIN_MS = 1_000
const TIME_SLACK_MS = 60_000

export interface DryRun {
  /** False: it was paused or cancelled. */
  count(): Promise<boolean>
  readonly samples: readonly ReplayItemRow[]
  /** Undefined for a target that is gone. */
  counted(target: ReplayTarget): Counted | undefined
}

export interface Counted {
  matched: number
  /** The history has not said of all of them whether the target has them. */
  isUnsure: boolean
}

/** One target, with what it has counted. */
interface Counting extends Counted {
  target: ReplayTarget
  open: OpenTarget
  matching: Matching
  /** Selected, and for the history to judge. */
  toJudge: Candidate[]
  silentUntilMs: number | undefined
}

interface Sample {
  each: Counting
  partition: number
  offset: number
}

export function createDryRun(deps: {
  replay: Replay
  targets: readonly ReplayTarget[]
  owner: TargetOwner
  log: LogSource
  listed: ListedEvents
  clock: Clock
  /** Waits while live traffic is behind. False: it was paused or cancelled. */
  mayGoOn(): Promise<boolean>
}): DryRun {
  const { replay, log, clock } = deps
  const topic = events.nameFor(replay.organizationId, replay.environment)
  const counting: Counting[] = deps.targets.flatMap(target => {
    const open = deps.owner.open(replay, target)
    const own = open.selection()
    if (own === undefined) return []
    const matching = createMatching(replay, own)
    return [{ target, open, matching, matched: 0, isUnsure: false, toJudge: [], silentUntilMs: undefined }]
  })
  const samples: ReplayItemRow[] = []
  const unread: Sample[] = []
  const isPlain =
    !replay.conditions && typeof replay.subject !== 'string' && !replay.onlyFailed && replay.eventIds === undefined
  const plain = new Set(isPlain ? counting.filter(isDecidedByName) : [])
  const wanted = plain.size === counting.length ? NAMES : undefined
  const chosenBy = createChosenBy(counting)

  function show({ target }: Counting, event: EventFacts): void {
    if (samples.length >= SAMPLES_MAX) return
    samples.push(itemRow(replay, target, event, { outcome: 'would_deliver', reason: null, atMs: clock.nowMs() }))
  }

  function isInRange(record: LogRecord): boolean {
    if (replay.fromOffsets && !isBeyond(replay.fromOffsets, record)) return false
    const recordedAt = textOf(record.headers['recorded-at'])
    return replay.eventIds !== undefined || (recordedAt >= replay.from && recordedAt < replay.to)
  }

  function look(record: LogRecord): void {
    const found = chosenBy(namesOf(record.headers))
    if (found.length === 0 || !isInRange(record)) return
    let event: EventFacts | undefined
    for (const each of found) {
      if (plain.has(each)) countPlain(each, record)
      else {
        event ??= readEventHeaders(record.headers, replay.organizationId)
        countMatched(each, event, record.value)
      }
    }
  }

  function countPlain(each: Counting, { partition, offset }: LogRecord): void {
    each.matched++
    if (samples.length + unread.length < SAMPLES_MAX) unread.push({ each, partition, offset })
  }

  function countMatched(each: Counting, event: EventFacts, payload: Buffer | null): void {
    if (payload === null || each.matching.match(event, payload) !== 'yes') return
    if (replay.onlyFailed || each.target.kind === 'federation_member')
      each.toJudge.push({ event, payload: NOTHING, number: event.sequence })
    else {
      each.matched++
      show(each, event)
    }
  }

  async function readSamples(): Promise<void> {
    for (const { each, partition, offset } of unread.splice(0)) {
      const { records } = await log.pages.read(topic, partition, offset, 1)
      const record = records.find(found => found.offset === offset)
      if (record !== undefined) show(each, readEventHeaders(record.headers, replay.organizationId))
    }
  }

  /** Counts those that the history does not know at their target. */
  async function judge(least: number): Promise<void> {
    for (const each of counting) {
      if (each.toJudge.length < least) continue
      const batch = each.toJudge.splice(0)
      for (let at = 0; at < batch.length; at += JUDGED_MAX) {
        const left = (await judged(each, batch.slice(at, at + JUDGED_MAX))).filter(({ without }) => !without)
        each.matched += left.length
        for (const { event } of left) show(each, event)
      }
    }
  }

  async function judged(each: Counting, batch: Candidate[]): Promise<Candidate[]> {
    for (;;) {
      try {
        return await each.open.judge(batch)
      } catch (error) {
        if (!(error instanceof NotYet)) throw error
        each.silentUntilMs ??= clock.monotonicMs() + SILENCE_MS
        if (clock.monotonicMs() >= each.silentUntilMs) return judgedByHalves(each, batch)
        if (!(await deps.mayGoOn())) return []
        await clock.sleep(AGAIN_MS)
      }
    }
  }

  /** All that the history can say; the others count. */
  async function judgedByHalves(each: Counting, batch: Candidate[]): Promise<Candidate[]> {
    if (batch.length === 1) {
      each.isUnsure = true
      return batch
    }
    const middle = batch.length >> 1
    const halves: Candidate[] = []
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) halves.push(...(await judged(each, half)))
    return halves
  }

  async function countListed(): Promise<boolean> {
    const reader = await deps.listed.open(replay, undefined, () => undefined)
    for (let read = await reader.read(); read !== undefined; read = await reader.read()) {
      if (!(await deps.mayGoOn())) return false
      if ('records' in read) for (const { record } of read.records) look(record)
      await judge(1)
    }
    return deps.mayGoOn()
  }

  /** Begins to read a page; the function returned waits for it. */
  function read(partition: number, offset: number): () => Promise<LogPage> {
    const page = log.pages.read(topic, partition, offset, wanted ? NAMES_PAGE_BYTES : PAGE_BYTES, wanted)
    // Nobody waits for it once the run has been paused.
    page.catch(() => undefined)
    return () => page
  }

  async function countPartition(partition: number, end: number): Promise<boolean> {
    const fromMs = Date.parse(replay.from) - TIME_SLACK_MS
    const toMs = Date.parse(replay.to) + TIME_SLACK_MS
    let offset = replay.fromOffsets
      ? (replay.fromOffsets[partition] ?? 0)
      : await log.pages.search(topic, partition, record => recordedAtOf(record.headers) >= fromMs)
    if (offset >= end) return true
    for (let next = read(partition, offset); ; ) {
      if (!(await deps.mayGoOn())) return false
      const page = await next()
      const last = page.records.at(-1)
      const isLast = page.nextOffset <= offset || page.nextOffset >= end || (last && recordedAtOf(last.headers) >= toMs)
      offset = page.nextOffset
      // It comes while this page is looked at.
      if (!isLast) next = read(partition, offset)
      for (const record of page.records) if (record.offset < end) look(record)
      if (unread.length > 0) await readSamples()
      await judge(JUDGED_MAX)
      if (isLast) return true
      // Other work of the process goes first.
      await new Promise<void>(resolve => setImmediate(resolve))
    }
  }

  return {
    samples,
    counted: target => counting.find(each => each.target === target),
    async count() {
      if (replay.eventIds) return countListed()
      const untilMs = Date.parse(replay.to) - clock.nowMs()
      if (untilMs > 0) await clock.sleep(untilMs)
      for (const [partition, end] of await log.ends.all(topic))
        if (!(await countPartition(partition, end))) return false
      await judge(1)
      return deps.mayGoOn()
    },
  }
}

/** By the names of an event, of which few logs have many. */
function createChosenBy(counting: readonly Counting[]): (event: Selectable) => readonly Counting[] {
  const byNames = new Map<string, Counting[]>()
  return event => {
    const key = event.kind === null ? event.canonicalName : `${event.canonicalName}#${event.kind}`
    let found = byNames.get(key)
    if (!found) {
      found = counting.filter(({ matching }) => matching.byName(event))
      if (byNames.size >= NAMES_KNOWN_MAX) byNames.clear()
      byNames.set(key, found)
    }
    return found
  }
}

const NOTHING = Buffer.alloc(0)

const isDecidedByName = ({ open }: Counting): boolean => {
  const own = open.selection()
  return own !== undefined && own.conditions === null && !own.ownEventsOnly
}

const textOf = (header: Buffer | undefined): string => header?.toString('latin1') ?? ''
const recordedAtOf = (headers: Headers): number => Date.parse(textOf(headers['recorded-at']))
const namesOf = (headers: Headers): Selectable => ({
  type: textOf(headers.ce_type),
  canonicalName: textOf(headers['canonical-name']),
  kind: headers.kind?.toString() ?? null,
})
