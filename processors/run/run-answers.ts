/**
 * What runs answer, and to whom: to the call that started a run, or by its idempotency key to all calls that share it. A
 * key is state of the shard for a day, with the answer if that is small: the first call starts the run, later ones join
 * it or get its answer.
 */
import type { Clock } from '../../src/clock.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { planOf } from '../../src/model/plans.ts'
import type { RunRow } from '../../topics/audit-runs.ts'
import type { AnswerTo } from '../../topics/responses.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import { type RunCallKey, runCallKeyCodec, runState, runStateKeys } from '../../topics/run-state.ts'
import type { RunCommand } from '../../topics/runs-commands.ts'
import type { GivenAnswer, Responses } from './responses.ts'

export interface RunAnswers {
  restore(callKey: string, value: Buffer | null): void
  start(): void
  /** `isFirst`: the command starts its run; else it is answered by the run that its key has started, now or later. */
  claim(command: RunCommand): { isFirst: boolean; runId: string }
  responded(facts: RunFacts, response: unknown): void
  /** The run has ended, or was skipped. */
  ended(facts: RunFacts, row: RunRow, hasResponded: boolean): void
  /** The organization is deleted. */
  forget(organizationId: string): void
  seal(): OutRecord[]
}

const KEPT_MS = 86_400_000
/** Of one answer, and of all of a shard; beyond it the oldest answers go, and their keys stay. */
const ANSWER_BYTES_MAX = 65_536
const ANSWERS_BYTES_MAX = 16 * 1024 * 1024
/** Calls that wait for one run. */
const JOINED_MAX = 100

export const callKeyOf = ({ workflowId, callKey }: Pick<RunCommand, 'workflowId' | 'callKey'>): string | null =>
  callKey === null ? null : `${workflowId}/${callKey.hash}`

export function createRunAnswers(context: {
  shard: number
  view: Pick<ControlView, 'organization'>
  clock: Clock
  responses: Pick<Responses, 'answer'>
}): RunAnswers {
  const { shard, view, clock, responses } = context
  /** Oldest first. */
  const keys = new Map<string, RunCallKey>()
  const byOrganization = new Map<string, Set<string>>()
  const changed = new Set<string>()
  let bytes = 0

  const sizeOf = (entry: RunCallKey | undefined) => entry?.value?.length ?? 0

  function put(callKey: string, entry: RunCallKey): void {
    bytes += sizeOf(entry) - sizeOf(keys.get(callKey))
    keys.set(callKey, entry)
    const own = byOrganization.get(entry.organizationId) ?? new Set()
    byOrganization.set(entry.organizationId, own.add(callKey))
    changed.add(callKey)
  }

  function remove(callKey: string): void {
    const entry = keys.get(callKey)
    if (entry === undefined) return
    bytes -= sizeOf(entry)
    keys.delete(callKey)
    const own = byOrganization.get(entry.organizationId)
    own?.delete(callKey)
    if (own?.size === 0) byOrganization.delete(entry.organizationId)
    changed.add(callKey)
  }

  /** Keys that are older than a day, or more than the plan has. */
  function prune(organizationId: string): void {
    const beforeMs = clock.nowMs() - KEPT_MS
    for (const [callKey, { atMs }] of keys) {
      if (atMs >= beforeMs) break
      remove(callKey)
    }
    const keptMax = planOf(view.organization(organizationId)?.plan ?? 'FREE').callKeys
    const own = byOrganization.get(organizationId)
    for (const callKey of own ?? []) {
      if (own!.size < keptMax) break
      remove(callKey)
    }
  }

  function dropOldAnswers(): void {
    for (const [callKey, entry] of keys) {
      if (bytes <= ANSWERS_BYTES_MAX) return
      if (entry.value !== null) put(callKey, { ...entry, value: null })
    }
  }

  function join(callKey: string, entry: RunCallKey, { answerTo, callKey: given }: RunCommand): void {
    if (answerTo === null || answerTo.wants === 'taken') return
    const { runId, kind, value } = entry
    if (given!.bodyHash !== entry.bodyHash) refuse(answerTo, runId, 'idempotency_key_conflict')
    else if (kind === null) put(callKey, { ...entry, waiting: [...entry.waiting, answerTo].slice(-JOINED_MAX) })
    else if (value === null) refuse(answerTo, runId, 'answer_not_kept')
    else responses.answer(answerTo, { kind, runId, value })
  }

  const refuse = (to: AnswerTo, runId: string, code: string) =>
    responses.answer(to, { kind: 'refused', runId, value: { code } })

  function settle({ runId, callKey, answerTo }: RunFacts, given: Omit<GivenAnswer, 'runId'>, isKept: boolean): void {
    if (callKey === null) {
      if (answerTo !== null) responses.answer(answerTo, { ...given, runId })
      return
    }
    const entry = keys.get(callKey)
    if (entry?.runId !== runId || entry.kind !== null) return
    for (const to of entry.waiting) responses.answer(to, { ...given, runId })
    if (!isKept) {
      remove(callKey)
      return
    }
    const value = Buffer.from(JSON.stringify(given.value))
    put(callKey, { ...entry, kind: given.kind, value: value.length > ANSWER_BYTES_MAX ? null : value, waiting: [] })
    dropOldAnswers()
  }

  return {
    restore(callKey, value) {
      if (value === null) remove(callKey)
      else put(callKey, runCallKeyCodec.decode(value))
    },
    start() {
      const entries = [...keys].sort(([, one], [, other]) => one.atMs - other.atMs)
      keys.clear()
      byOrganization.clear()
      bytes = 0
      for (const [callKey, entry] of entries) put(callKey, entry)
      changed.clear()
    },
    claim(command) {
      const { runId, organizationId, answerTo } = command
      const callKey = callKeyOf(command)
      if (callKey === null) return { isFirst: true, runId }
      prune(organizationId)
      const known = keys.get(callKey)
      if (known !== undefined) {
        join(callKey, known, command)
        return { isFirst: false, runId: known.runId }
      }
      const waiting = answerTo === null || answerTo.wants === 'taken' ? [] : [answerTo]
      const { bodyHash } = command.callKey!
      put(callKey, {
        organizationId,
        runId,
        bodyHash,
        atMs: Math.round(clock.nowMs()),
        waiting,
        kind: null,
        value: null,
      })
      return { isFirst: true, runId }
    },
    responded(facts, response) {
      if (facts.mode === 'route') settle(facts, { kind: 'responded', value: response }, true)
    },
    ended(facts, row, hasResponded) {
      const isKept = row.status !== 'skipped'
      if (facts.mode !== 'route') settle(facts, { kind: 'ended', value: row }, isKept)
      else if (!hasResponded) settle(facts, { kind: 'ended', value: endOf(row) }, isKept)
    },
    forget(organizationId) {
      for (const callKey of [...(byOrganization.get(organizationId) ?? [])]) remove(callKey)
    },
    seal() {
      const records = [...changed].map(callKey => {
        const entry = keys.get(callKey)
        const value = entry === undefined ? null : runCallKeyCodec.encode(entry)
        return { topic: runState.name, partition: shard, key: runStateKeys.callKey(callKey), value }
      })
      changed.clear()
      return records
    },
  }
}

/** A caller of a route learns no more than how its run ended. */
const endOf = ({ status, skipReason, errorCode }: RunRow) => ({ status, skipReason, errorCode })
