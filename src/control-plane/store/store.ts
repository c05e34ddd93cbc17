/**
 * Changes of the control plane: linearizable, and readable in this process when `change` resolves.
 *
 *     queued ─► decided on the newest view ─► committed ─► answered
 *       ▲                                        │
 *       └── not there ◄── look for its id ◄── fenced, aborted or answer lost
 *
 * While one transaction commits, commands queue; the next transaction takes them together, and each decides on the
 * state that the earlier ones leave. A decision may be made more than once, so it must only compute.
 */

import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../topics/audit-changes.ts'
import { control } from '../../../topics/control.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import type { Clock, Random } from '../../clock.ts'
import { platformEmitAt } from '../../ingress/platform-emit.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Kind, RecordsByKind } from '../../model/records.ts'
import { noticeOfChange } from '../../notifications/change-notices.ts'
import { type Notice, noticeRecord } from '../../notifications/notices.ts'
import { type ControlLog, ControlLogError } from './control-log.ts'
import { environmentOf, lifecycleEmitsOf } from './lifecycle.ts'
import { createOverlay, type DecisionView, type Overlay } from './overlay.ts'
import { type ControlViewStore, controlKey } from './view-store.ts'

/** One record to write, or one to remove. */
export type Change =
  | { [K in Kind]: { kind: K; record: RecordsByKind[K] } }[Kind]
  | { kind: Kind; remove: { organizationId: string; id: string } }

/**
 * The outcome of a command. `refusal`: nothing changes, the announcements are written all the same, and the caller gets
 * the error.
 */
export interface Decision<T> {
  records: Change[]
  changes: ChangeRow[]
  /** Emits of the platform that follow, written only if a webhook selects them. */
  emits?: PlatformEmit[]
  /** System notices that follow, besides those of the changes. */
  notices?: Notice[]
  result: T
  refusal?: ClarionError
}

export interface ControlStore {
  /**
   * Decides on the newest state, writes, and answers when this process reads its own write. `commandId` is unique to
   * the change. Rejects with the error of `decide`, with its refusal, or with `service_unavailable` when the topic
   * cannot be written in time.
   */
  change<T>(commandId: string, decide: (view: DecisionView) => Decision<T>): Promise<T>
}

interface Command {
  id: string
  decide(view: DecisionView): Decision<unknown>
  deadlineMs: number
  /** The latest decision; `error` is a refusal. */
  decided: { result: unknown } | { error: unknown }
  resolve(value: unknown): void
  reject(error: unknown): void
}

const COMMAND_TIMEOUT_MS = 15_000
const BATCH_COMMANDS_MAX = 100
const WAITING_COMMANDS_MAX = 5_000

export function createControlStore(deps: {
  view: ControlViewStore
  log: ControlLog
  clock: Clock
  random: Random
  /** The partition of `audit.changes` that an organization's rows go to. */
  shardOf(organizationId: string): number
}): ControlStore {
  const { view, log, clock, random } = deps
  const queue: Command[] = []
  let draining = false
  /**
   * After a failed transaction commands are committed one at a time, so that one that cannot be written does not fail
   * the others.
   */
  let batchMax = BATCH_COMMANDS_MAX

  async function drain(): Promise<void> {
    draining = true
    for (let batch = queue.splice(0, batchMax); batch.length > 0; batch = queue.splice(0, batchMax)) await commit(batch)
    draining = false
  }

  async function commit(batch: Command[]): Promise<void> {
    try {
      await log.transact(() => ({ records: decideAll(batch, view, deps.shardOf) }))
      for (const command of batch) answer(command)
      batchMax = BATCH_COMMANDS_MAX
    } catch (error) {
      batchMax = 1
      queue.unshift(...batch.filter(command => stillInTime(command, error)))
      await clock.sleep(20 + random.uniform() * 180)
    }
  }

  function stillInTime(command: Command, error: unknown): boolean {
    const fault = error instanceof ControlLogError
    if (fault && clock.monotonicMs() < command.deadlineMs) return true
    const message =
      fault && error.outcome === 'unknown'
        ? 'The change may have been made: look before you repeat it.'
        : 'The change was not made.'
    command.reject(fault ? new ClarionError('service_unavailable', message, { retryAfterS: 1, cause: error }) : error)
    return false
  }

  return {
    change: <T>(commandId: string, decide: (view: DecisionView) => Decision<T>) =>
      new Promise<T>((resolve, reject) => {
        if (queue.length >= WAITING_COMMANDS_MAX) {
          reject(new ClarionError('service_unavailable', 'Too many changes are waiting.', { retryAfterS: 1 }))
          return
        }
        queue.push({
          id: commandId,
          decide,
          deadlineMs: clock.monotonicMs() + COMMAND_TIMEOUT_MS,
          decided: { error: new Error('not decided') },
          resolve: value => resolve(value as T),
          reject,
        })
        if (!draining) void drain()
      }),
  }
}

function answer(command: Command): void {
  if ('error' in command.decided) command.reject(command.decided.error)
  else command.resolve(command.decided.result)
}

/**
 * The records of all commands of the batch that are not in the view already. One is, if the answer to its commit was
 * lost.
 */
function decideAll(batch: Command[], view: ControlViewStore, shardOf: (organizationId: string) => number): OutRecord[] {
  const overlay = createOverlay(view)
  const records: OutRecord[] = []
  const rows: ChangeRow[] = []
  const emits: PlatformEmit[] = []
  const notices: Array<{ notice: Notice; cause: string }> = []
  for (const command of batch) {
    if (view.hasCommand(command.id)) continue
    const decision = decideOne(command, overlay)
    records.push(...decision.records.map(change => controlRecord(command.id, change, overlay)))
    // A command without records writes a tombstone under its own id: a refusal counts only if its view was the newest,
    // which the commit proves, and a command whose answer was lost must be found whatever it decided.
    if (decision.records.length === 0) records.push(outRecord(command.id, `command/-/${command.id}`, null))
    rows.push(...decision.changes)
    for (const row of decision.changes) emits.push(...lifecycleEmitsOf(row, overlay, view))
    notices.push(...noticesOf(command.id, decision, overlay, view))
    emits.push(...(decision.emits ?? []))
  }
  // Admission must have seen at least the state before the decision, and one record of the decision itself.
  const emitted = emits.map(emit => platformEmitAt(emit, shardOf(emit.organizationId), view.appliedOffset + 1))
  const written = notices.map(({ notice, cause }) =>
    noticeRecord(notice, cause, shardOf(notice.organizationId), view.appliedOffset + 1),
  )
  return [...records, ...announcements(rows, shardOf), ...emitted, ...written]
}

/** Identified by the change, or by the command and the place in it: the same however often it is decided. */
function noticesOf(
  commandId: string,
  { changes, notices = [] }: Pick<Decision<unknown>, 'changes' | 'notices'>,
  after: Overlay,
  before: ControlViewStore,
): Array<{ notice: Notice; cause: string }> {
  const ofChanges = changes.flatMap(row => {
    const notice = noticeOfChange(row, environmentOf(row, after) ?? environmentOf(row, before) ?? 'live')
    return notice === undefined ? [] : [{ notice, cause: row.id }]
  })
  return [...ofChanges, ...notices.map((notice, at) => ({ notice, cause: `${commandId}/${at}` }))]
}

function decideOne(
  command: Command,
  overlay: Overlay,
): Pick<Decision<unknown>, 'records' | 'changes' | 'emits' | 'notices'> {
  try {
    const { records, changes, emits = [], notices = [], result, refusal } = command.decide(overlay)
    command.decided = refusal === undefined ? { result } : { error: refusal }
    return { records: refusal === undefined ? records : [], changes, emits, notices }
  } catch (error) {
    command.decided = { error }
    return { records: [], changes: [] }
  }
}

function controlRecord(commandId: string, change: Change, overlay: Overlay): OutRecord {
  if ('remove' in change) {
    overlay.remove(change.kind, change.remove.organizationId, change.remove.id)
    return outRecord(commandId, controlKey(change.kind, change.remove.organizationId, change.remove.id), null)
  }
  overlay.put(change.kind, change.record)
  return outRecord(
    commandId,
    controlKey(change.kind, change.record.organizationId, change.record.id),
    JSON.stringify(change.record),
  )
}

const outRecord = (commandId: string, key: string, value: string | null): OutRecord => ({
  topic: control.name,
  partition: 0,
  key,
  value,
  headers: [['command', commandId]],
})

/** One record of `audit.changes` per shard with a change. */
function announcements(rows: ChangeRow[], shardOf: (organizationId: string) => number): OutRecord[] {
  const byShard = Map.groupBy(rows, row => shardOf(row.organizationId))
  return [...byShard].map(([partition, changes]) => ({
    topic: auditChanges.name,
    partition,
    key: null,
    value: auditChangesCodec.encode({ changes }),
  }))
}
