/** Cooldown and cap of the day: when a workflow last started, and how often on this UTC day. State of the shard. */
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import type { SkipReason } from '../../topics/audit-runs.ts'
import { type RunPace, runPaceCodec, runState, runStateKeys } from '../../topics/run-state.ts'

export interface Pace {
  restore(workflowId: string, value: Buffer | null): void
  refuses(workflow: Workflow, atMs: number): SkipReason | undefined
  started(workflow: Workflow, atMs: number): void
  seal(): OutRecord[]
}

const DAY_MS = 86_400_000
const dayOf = (ms: number): number => Math.floor(ms / DAY_MS)

export function createPace(shard: number): Pace {
  const paces = new Map<string, RunPace>()
  const changed = new Set<string>()

  return {
    restore(workflowId, value) {
      if (value === null) paces.delete(workflowId)
      else paces.set(workflowId, runPaceCodec.decode(value))
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
        value: runPaceCodec.encode(paces.get(id)!),
      }))
      changed.clear()
      return records
    },
  }
}
