/**
 * Dry runs: the events that a replay would take to each target are counted, and a few of them shown. Nothing is handed
 * over. A dry run reads partition after partition, decides on headers where it can, and keeps nothing but the counts,
 * so one that is interrupted begins again. One runs at a time in a shard.
 */

import type { EventFacts } from '../../../topics/deliveries.ts'
import { events } from '../../../topics/events.ts'
import type { Clock } from '../../clock.ts'
import { readEventHeaders } from '../../events/log-record.ts'
import type { Selectable } from '../../events/selector.ts'
import type { Headers, LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import { isUnderWay, type Replay, type ReplayTarget, targetsOf } from '../../model/replays.ts'
import type { ListedEvents } from './listed-events.ts'
import type { LogSource } from './log-merge.ts'
import { createMatching, type Matching } from './matching.ts'
import type { OpenTarget, TargetOwner } from './owner.ts'
import { itemRow, type ReplayItems } from './replay-items.ts'
import { isBeyond, type TargetEnd, type TargetProgress } from './target-runs.ts'
import type { Candidate } from './way.ts'

/** The slices between which other work of the process goes on: some milliseconds each. */
const PAGE_BYTES = 256 * 1024
const SAMPLES_MAX = 10
/** Events in one question to the history. */
const JUDGED_MAX = 500
const NAMES_KNOWN_MAX = 1_000
const TROUBLE_PAUSE_MS = 1_000
const BUSY_PAUSE_MS = 100
const TIME_SLACK_MS = 60_000

export interface DryRunPorts {
  owner: TargetOwner
  log: LogSource
  clock: Clock
  logger: Logger
  view: ControlView
  items: ReplayItems
  listed: ListedEvents
  isOurs(organizationId: string): boolean
  /** Live traffic is behind: the dry run waits. */
  isBusy(): boolean
  /** Commits the samples. */
  changed(): void
  ended(replay: Replay, target: ReplayTarget, end: TargetEnd, progress: TargetProgress): Promise<void>
}

export interface DryRuns {
  start(): void
  close(): void
}

/** One target, with what it has counted. */
interface Counting {
  target: ReplayTarget
  open: OpenTarget
  matching: Matching
  matched: number
  /** Waiting for the history: only events without a successful delivery count. */
  toJudge: Candidate[]
}

export function createDryRuns(ports: DryRunPorts): DryRuns {
  const { view, clock, log, items, owner } = ports
  const queue = new Map<string, string>()
  let isRunning = false
  let closed = false
  let forget: () => void = () => undefined

  function follow(organizationId: string, replayId: string): void {
    const replay = view.find('replay', organizationId, replayId)
    if (closed || !replay?.dryRun || !isUnderWay(replay) || !ports.isOurs(organizationId)) return
    queue.set(replayId, organizationId)
    void runAll()
  }

  async function runAll(): Promise<void> {
    if (isRunning) return
    isRunning = true
    for (let next = queue.entries().next(); !next.done && !closed; next = queue.entries().next()) {
      const [replayId, organizationId] = next.value
      queue.delete(replayId)
      await runOne(organizationId, replayId)
    }
    isRunning = false
  }

  async function runOne(organizationId: string, replayId: string): Promise<void> {
    const replay = view.find('replay', organizationId, replayId)
    const targets = replay ? targetsOf(replay).filter(each => each.state === 'running' && isOwned(each)) : []
    // One that is resumed comes again.
    if (!replay || !isUnderWay(replay) || replay.state === 'paused' || targets.length === 0) return
    try {
      await run(replay, targets)
    } catch (error) {
      ports.logger.warn({ replay: replayId, error: String(error) }, 'a dry run cannot go on; it begins again')
      // Others go first.
      queue.set(replayId, organizationId)
      await clock.sleep(TROUBLE_PAUSE_MS)
    }
  }

  const isOwned = ({ kind }: ReplayTarget) => owner.kinds.includes(kind)
  const stateOf = ({ organizationId, id }: Replay) => view.find('replay', organizationId, id)?.state

  async function run(replay: Replay, targets: ReplayTarget[]): Promise<void> {
    const counting = targets.flatMap(target => {
      const open = owner.open(replay, target)
      const own = open.selection()
      return own ? [{ target, open, matching: createMatching(replay, own), matched: 0, toJudge: [] }] : []
    })
    const samples: Array<() => void> = []
    const isWhole = await count(replay, counting, samples)
    if (closed || (!isWhole && stateOf(replay) !== 'cancelling')) return
    for (const sample of samples) sample()
    if (samples.length > 0) ports.changed()
    for (const target of targets) {
      const counted = counting.find(each => each.target === target)
      const end: TargetEnd = !isWhole
        ? { state: 'cancelled', reason: null }
        : counted
          ? { state: 'completed', reason: null }
          : { state: 'failed', reason: 'target_deleted' }
      const matched = counted?.matched ?? 0
      await ports.ended(replay, target, end, { matched, skipped: 0, handedOver: 0, failed: 0, expired: 0 })
    }
  }

  /** False: it was paused or cancelled. */
  async function count(replay: Replay, counting: Counting[], samples: Array<() => void>): Promise<boolean> {
    const { organizationId, environment } = replay
    const note = (each: Counting, event: EventFacts) => {
      each.matched++
      if (samples.length >= SAMPLES_MAX) return
      const row = itemRow(replay, each.target, event, { outcome: 'would_deliver', reason: null, atMs: clock.nowMs() })
      samples.push(() => items.add(row))
    }
    const look = createLook(replay, counting, note)
    const topic = events.nameFor(organizationId, environment)
    if (replay.eventIds) {
      const reader = await ports.listed.open(replay, undefined, () => undefined)
      for (let read = await reader.read(); read !== undefined; read = await reader.read()) {
        if (!(await mayGoOn(replay))) return false
        if ('records' in read) for (const { record } of read.records) look(record)
        await judge(counting, note, 1)
      }
      return true
    }
    const untilMs = Date.parse(replay.to) - clock.nowMs()
    if (untilMs > 0) await clock.sleep(untilMs)
    for (const [partition, end] of await log.ends.all(topic)) {
      if (!(await countPartition(replay, { topic, partition, end }, look, () => judge(counting, note, JUDGED_MAX))))
        return false
    }
    await judge(counting, note, 1)
    return true
  }

  async function countPartition(
    replay: Replay,
    { topic, partition, end }: { topic: string; partition: number; end: number },
    look: (record: LogRecord) => void,
    afterPage: () => Promise<void>,
  ): Promise<boolean> {
    const fromMs = Date.parse(replay.from) - TIME_SLACK_MS
    const toMs = Date.parse(replay.to) + TIME_SLACK_MS
    let offset = replay.fromOffsets
      ? (replay.fromOffsets[partition] ?? 0)
      : await log.pages.search(topic, partition, record => recordedAtOf(record.headers) >= fromMs)
    while (offset < end) {
      if (!(await mayGoOn(replay))) return false
      const page = await log.pages.read(topic, partition, offset, PAGE_BYTES)
      for (const record of page.records) if (record.offset < end) look(record)
      await afterPage()
      const last = page.records.at(-1)
      if (page.nextOffset <= offset || (last && recordedAtOf(last.headers) >= toMs)) return true
      offset = page.nextOffset
      // Other work of the process goes first.
      await new Promise<void>(resolve => setImmediate(resolve))
    }
    return true
  }

  /** Waits while live traffic is behind. False: it was paused or cancelled. */
  async function mayGoOn(replay: Replay): Promise<boolean> {
    while (!closed && stateOf(replay) === 'running') {
      if (!ports.isBusy()) return true
      await clock.sleep(BUSY_PAUSE_MS)
    }
    return false
  }

  /** Counts those that the history says to be undelivered. */
  async function judge(counting: Counting[], note: (each: Counting, event: EventFacts) => void, least: number) {
    for (const each of counting) {
      if (each.toJudge.length < least) continue
      const batch = each.toJudge.splice(0)
      for (let at = 0; at < batch.length; at += JUDGED_MAX) {
        for (const { event, without } of await each.open.judge(batch.slice(at, at + JUDGED_MAX)))
          if (without === undefined) note(each, event)
      }
    }
  }

  return {
    start() {
      forget = view.onChange((kind, organizationId, id) => {
        if (kind === 'replay') follow(organizationId, id)
      })
      for (const { id: organizationId } of view.organizations())
        for (const { id, dryRun } of view.list('replay', organizationId)) if (dryRun) follow(organizationId, id)
    },
    close() {
      closed = true
      forget()
    },
  }
}

/** Looks at one record for all targets: by its names first, which few logs have many of. */
function createLook(replay: Replay, counting: Counting[], note: (each: Counting, event: EventFacts) => void) {
  const byNames = new Map<string, Counting[]>()
  const fromText = replay.from
  const toText = replay.to
  const isPlain =
    !replay.conditions && typeof replay.subject !== 'string' && !replay.onlyFailed && replay.eventIds === undefined
  const plain = new Set(isPlain ? counting.filter(each => isDecidedByName(each)) : [])

  function chosenBy(event: Selectable): Counting[] {
    const key = event.kind === null ? event.canonicalName : `${event.canonicalName}#${event.kind}`
    let found = byNames.get(key)
    if (!found) {
      found = counting.filter(({ matching }) => matching.byName(event))
      if (byNames.size >= NAMES_KNOWN_MAX) byNames.clear()
      byNames.set(key, found)
    }
    return found
  }

  return (record: LogRecord): void => {
    const { headers } = record
    const found = chosenBy(namesOf(headers))
    if (found.length === 0) return
    if (replay.fromOffsets && !isBeyond(replay.fromOffsets, record)) return
    const recordedAt = textOf(headers['recorded-at'])
    if (replay.eventIds === undefined && (recordedAt < fromText || recordedAt >= toText)) return
    let event: EventFacts | undefined
    for (const each of found) {
      if (plain.has(each) && each.matched >= SAMPLES_MAX) {
        each.matched++
        continue
      }
      event ??= readEventHeaders(headers, replay.organizationId)
      const payload = record.value
      if (payload === null || each.matching.match(event, payload) !== 'yes') continue
      if (replay.onlyFailed) each.toJudge.push({ event, payload: NOTHING, number: event.sequence })
      else note(each, event)
    }
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
