/**
 * Schedules of the shard's organizations. The last tick of each is state: a tick starts its run in the transaction that
 * says that it has ticked, so it starts one run over all processes and restarts. A workflow that is switched off or gets
 * another schedule begins anew, with the next tick.
 */
import { hash } from 'node:crypto'
import type { Timer } from '../../src/clock.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { Workflow, WorkflowTrigger } from '../../src/model/workflows.ts'
import { type Ticks, ticksOf } from '../../src/workflows/ticks.ts'
import { type RunSchedule, runScheduleCodec, runState, runStateKeys } from '../../topics/run-state.ts'
import type { RunDependencies } from './dependencies.ts'
import type { Runs } from './runs/runs.ts'
import type { Starts } from './starts.ts'

export interface Schedules {
  restore(workflowId: string, value: Buffer | null): void
  start(): void
  seal(): OutRecord[]
  close(): void
}

interface Entry {
  organizationId: string
  state: RunSchedule
  ticks: Ticks
  timer: Timer | undefined
}

type ScheduleTrigger = Extract<WorkflowTrigger, { kind: 'schedule' }>

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Schedules tick on full minutes: their runs begin within this time after it, each workflow at the same place. */
const SPREAD_MS = 2_000
/** A timer takes no more than 24 days. */
const TIMER_MS_MAX = 24 * HOUR_MS
const CATCH_UP_MAX = 100

export function createSchedules(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock' | 'shards' | 'logger' | 'observe'>
  starts: Starts
  runs: Runs
}): Schedules {
  const { handle, starts, runs } = context
  const { view, clock, shards, logger, observe } = context.deps
  const restored = new Map<string, RunSchedule>()
  const entries = new Map<string, Entry>()
  const changed = new Set<string>()
  let stopListening: () => void = () => undefined

  function follow(organizationId: string, workflowId: string): void {
    const workflow = view.find('workflow', organizationId, workflowId)
    const trigger = workflow && triggerOf(workflow)
    const known = entries.get(workflowId)
    if (trigger === undefined) forget(workflowId)
    else if (known?.state.cron !== trigger.cron || known.state.timeZone !== trigger.timeZone)
      begin(organizationId, workflowId, trigger)
  }

  function begin(organizationId: string, workflowId: string, { cron, timeZone }: ScheduleTrigger): void {
    forget(workflowId)
    const before = restored.get(workflowId)
    const isSame = before?.cron === cron && before.timeZone === timeZone
    const state = isSame ? before : { cron, timeZone, tickMs: Math.round(clock.nowMs()) }
    restored.delete(workflowId)
    try {
      const entry: Entry = { organizationId, state, ticks: ticksOf(trigger(state)), timer: undefined }
      entries.set(workflowId, entry)
      if (!isSame) note(workflowId)
      arm(workflowId, entry)
    } catch (error) {
      logger.error({ workflowId, error: String(error) }, 'a schedule cannot be read; it does not tick')
    }
  }

  function note(workflowId: string): void {
    changed.add(workflowId)
    handle.write([])
  }

  function forget(workflowId: string): void {
    entries.get(workflowId)?.timer?.cancel()
    if (entries.delete(workflowId)) note(workflowId)
  }

  function arm(workflowId: string, entry: Entry): void {
    const next = entry.ticks.after(entry.state.tickMs)
    if (next === undefined) return
    const waitMs = next + spreadOf(workflowId) - clock.nowMs()
    entry.timer = clock.after(Math.min(Math.max(1, waitMs), TIMER_MS_MAX), () => fire(workflowId, entry))
  }

  function fire(workflowId: string, entry: Entry): void {
    try {
      tick(workflowId, entry)
      arm(workflowId, entry)
      runs.work()
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  function tick(workflowId: string, entry: Entry): void {
    const nowMs = clock.nowMs()
    const due = entry.ticks.upTo(nowMs - spreadOf(workflowId), CATCH_UP_MAX).filter(each => each > entry.state.tickMs)
    const workflow = view.find('workflow', entry.organizationId, workflowId)
    const newest = due.at(-1)
    if (newest === undefined || workflow === undefined) return
    entry.state = { ...entry.state, tickMs: newest }
    observe.late('tick', (nowMs - newest - spreadOf(workflowId)) / 1000)
    note(workflowId)
    for (const each of dueNow(workflow, due, entry.ticks, nowMs)) starts.tick(workflow, each, runs)
  }

  return {
    restore(workflowId, value) {
      if (value === null) restored.delete(workflowId)
      else restored.set(workflowId, runScheduleCodec.decode(value))
    },
    start() {
      stopListening = view.onChange((kind, organizationId, id) => {
        if (kind === 'workflow' && shardOf(organizationId, shards) === handle.shard) follow(organizationId, id)
      })
      for (const { id: organizationId } of view.organizations())
        if (shardOf(organizationId, shards) === handle.shard)
          for (const { id } of view.list('workflow', organizationId)) follow(organizationId, id)
      // What is left belongs to workflows that are gone.
      for (const workflowId of restored.keys()) note(workflowId)
      restored.clear()
    },
    seal() {
      const records = [...changed].map(id => {
        const entry = entries.get(id)
        const value = entry === undefined ? null : runScheduleCodec.encode(entry.state)
        return { topic: runState.name, partition: handle.shard, key: runStateKeys.schedule(id), value }
      })
      changed.clear()
      return records
    },
    close() {
      stopListening()
      for (const { timer } of entries.values()) timer?.cancel()
      entries.clear()
    },
  }
}

const trigger = ({ cron, timeZone }: RunSchedule) => ({ cron, timeZone })

function triggerOf({ trigger: own, active, deployed, deletedAt }: Workflow): ScheduleTrigger | undefined {
  return own.kind === 'schedule' && active && deployed !== null && deletedAt === null ? own : undefined
}

/** Of the ticks that have passed, those that start a run (docs/specification/runs.md#schedules). */
function dueNow({ catchUp }: Workflow, due: readonly number[], ticks: Ticks, nowMs: number): readonly number[] {
  if (catchUp === 'all') return due
  const newest = due.at(-1)!
  const period = (ticks.after(newest) ?? newest + HOUR_MS) - newest
  const ageMsMax = catchUp === 'none' ? MINUTE_MS : Math.max(HOUR_MS, period)
  return nowMs - newest < ageMsMax ? [newest] : []
}

const spreadOf = (workflowId: string): number => hash('sha256', workflowId, 'buffer').readUInt16BE() % SPREAD_MS
