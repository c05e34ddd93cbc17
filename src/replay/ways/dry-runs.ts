/**
 * The dry runs of one shard: one at a time, after live traffic. Nothing is handed over, and nothing of them is state, so
 * one that is interrupted begins again.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { ControlView } from '../../model/control-view.ts'
import { isUnderWay, type Replay, type ReplayTarget, targetsOf } from '../../model/replays.ts'
import { type Counted, createDryRun } from './dry-run.ts'
import type { TargetEnd, TargetProgress } from './ends.ts'
import type { ListedEvents } from './listed-events.ts'
import type { LogSource } from './log-merge.ts'
import type { TargetOwner } from './owner.ts'
import type { ReplayItems } from './replay-items.ts'

const TROUBLE_PAUSE_MS = 1_000
const BUSY_PAUSE_MS = 100

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

export function createDryRuns(ports: DryRunPorts): DryRuns {
  const { view, clock, items, owner } = ports
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
    const dryRun = createDryRun({ ...ports, replay, targets, mayGoOn: () => mayGoOn(replay) })
    const isWhole = await dryRun.count()
    if (closed || (!isWhole && stateOf(replay) !== 'cancelling')) return
    for (const sample of dryRun.samples) items.add(sample)
    if (dryRun.samples.length > 0) ports.changed()
    for (const target of targets) {
      const counted = dryRun.counted(target)
      const matched = counted?.matched ?? 0
      const none = { skipped: 0, handedOver: 0, failed: 0, expired: 0 }
      await ports.ended(replay, target, endOf(isWhole, counted), { matched, ...none })
    }
  }

  async function mayGoOn(replay: Replay): Promise<boolean> {
    while (!closed && stateOf(replay) === 'running') {
      if (!ports.isBusy()) return true
      await clock.sleep(BUSY_PAUSE_MS)
    }
    return false
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

function endOf(isWhole: boolean, counted: Counted | undefined): TargetEnd {
  if (!isWhole) return { state: 'cancelled', reason: null }
  if (counted === undefined) return { state: 'failed', reason: 'target_deleted' }
  return { state: 'completed', reason: counted.isUnsure ? 'history_behind' : null }
}
