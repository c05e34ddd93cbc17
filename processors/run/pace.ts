/** Cooldown and cap of the day: when a workflow last started, and how often on this UTC day. State of the shard. */
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import type { SkipReason } from '../../topics/audit-runs.ts'
import { type RunPace, runPaceCodec, runState, runStateKeys } from '../../topics/run-state.ts'

export interface Pace {
  restore(workflowId: string, value: Buffer | null): void
  /** Forgets deleted workflows, now and as they are deleted. */
  start(): void
  refuses(workflow: Workflow, atMs: number): SkipReason | undefined
  started(workflow: Workflow, atMs: number): void
  seal(): OutRecord[]
  close(): void
}

const DAY_MS = 86_400_000
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS)

export function createPace({
  handle,
  view,
  shards,
}: {
  handle: Pick<ShardHandle, 'shard' | 'write'>
  view: Pick<ControlView, 'find' | 'list' | 'organizations' | 'onChange'>
  shards: number
}): Pace {
  const { shard } = handle
  const paces = new Map<string, RunPace>()
  const changed = new Set<string>()
  let stopListening = (): void => undefined

  function forget(workflowId: string): void {
    if (!paces.delete(workflowId)) return
    changed.add(workflowId)
    handle.write([])
  }

  function forgetOthers(): void {
    const own = [...view.organizations()].filter(({ id }) => shardOf(id, shards) === shard)
    const kept = new Set(own.flatMap(({ id }) => view.list('workflow', id).filter(isThere)).map(({ id }) => id))
    for (const workflowId of paces.keys()) if (!kept.has(workflowId)) forget(workflowId)
  }

  return {
    restore(workflowId, value) {
      if (value === null) paces.delete(workflowId)
      else paces.set(workflowId, runPaceCodec.decode(value))
    },
    start() {
      forgetOthers()
      stopListening = view.onChange((kind, organizationId, id) => {
        if (kind === 'workflow' && !isThere(view.find('workflow', organizationId, id))) forget(id)
      })
    },
    refuses({ id, cooldownSeconds, maxRunsPerDay }, atMs) {
      const pace = paces.get(id)
      if (pace === undefined) return undefined
      if (cooldownSeconds !== null && atMs < pace.lastStartMs + 1000 * cooldownSeconds) return 'cooldown'
      const today = pace.day === dayOf(atMs) ? pace.count : 0
      return maxRunsPerDay !== null && today >= maxRunsPerDay ? 'daily_cap' : undefined
    },
    started({ id, cooldownSeconds, maxRunsPerDay }, atMs) {
      if (cooldownSeconds === null && maxRunsPerDay === null) return
      const day = dayOf(atMs)
      const before = paces.get(id)
      paces.set(id, { lastStartMs: atMs, day, count: before?.day === day ? before.count + 1 : 1 })
      changed.add(id)
    },
    seal() {
      const records = [...changed].map(id => ({
        ...{ topic: runState.name, partition: shard, key: runStateKeys.pace(id) },
        value: paces.has(id) ? runPaceCodec.encode(paces.get(id)!) : null,
      }))
      changed.clear()
      return records
    },
    close: () => stopListening(),
  }
}

const isThere = (workflow: Workflow | undefined): boolean => workflow !== undefined && workflow.deletedAt === null
