/**
 * `run` on a broker in memory: one shard, its inputs and state, a clock that the test moves, and an outside that answers
 * as the test says. A transaction is visible at once or not at all, so a test can crash the shard at any moment.
 */
import type { RunDependencies } from '../../../processors/run/dependencies.ts'
import { createRunProcessor } from '../../../processors/run/index.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { versionId } from '../../../src/control-plane/workflows/get-workflow.ts'
import type { CallResult, OutboundCall } from '../../../src/delivery/outbound-call.ts'
import type { LogRecord, OutRecord, ShardHandle, ShardTask } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import type { Kind } from '../../../src/model/records.ts'
import type { Workflow } from '../../../src/model/workflows.ts'
import type { SandboxPool } from '../../../src/sandbox/pool.ts'
import type { ForeignDatabases } from '../../../src/tables/foreign.ts'
import type { StepAnswer, TableSteps } from '../../../src/tables/steps.ts'
import { keepDefinition } from '../../../src/workflows/kept-definition.ts'
import { auditRuns, auditRunsCodec, type RunRow, type StepRow } from '../../../topics/audit-runs.ts'
import { domainState } from '../../../topics/domain-state.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { responses, responsesCodec } from '../../../topics/responses.ts'
import { runJournal } from '../../../topics/run-journal.ts'
import { runState } from '../../../topics/run-state.ts'
import { runInputCodec, runs } from '../../../topics/runs.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'
import { workflowOf } from '../../workflows/workflow-records.ts'
import { createInputs } from './memory-inputs.ts'
import { NO_FOREIGN, NO_SANDBOXES, NO_TABLES, OK, SILENT } from './memory-outside.ts'

export type MemoryRun = ReturnType<typeof createMemoryRun>

const STATES: readonly string[] = [runState.name, runJournal.name, domainState.name]
interface Session {
  task: ShardTask
  filling: OutRecord[]
  isDirty: boolean
  isCommitting: boolean
  positions: Map<string, number>
  paused: Set<string>
  hasEnded: boolean
}

/** `answer`: of the outside; undefined: it hangs until it is given up. */
export function createMemoryRun(
  answer: (request: OutboundCall, number: number) => CallResult | undefined = () => OK,
  {
    tables: given = NO_TABLES,
    sandboxes = NO_SANDBOXES,
    foreign = NO_FOREIGN,
    organizationId: ORGANIZATION = 'org_a',
    usageOf = () => Promise.reject(new Error('This test has no meters')),
  }: {
    tables?: TableSteps
    foreign?: ForeignDatabases
    sandboxes?: SandboxPool
    organizationId?: string
    usageOf?: RunDependencies['usageOf']
  } = {},
) {
  const clock = createManualClock(1_785_000_000_000)
  const view = createControlView({ clock })
  const logs = new Map<string, LogRecord[]>()
  const requests: OutboundCall[] = []
  const failures: Error[] = []
  const statements = new Set<Promise<StepAnswer>>()
  let session: Session
  let controlOffset = 0

  const logOf = (topic: string) => {
    const log = logs.get(topic) ?? []
    logs.set(topic, log)
    return log
  }

  function append({ topic, key, value }: Pick<OutRecord, 'topic' | 'key' | 'value'>): void {
    const log = logOf(topic)
    const bytes = (part: Buffer | string | null) => (part === null ? null : Buffer.from(part))
    const timestampMs = clock.nowMs()
    log.push({
      topic,
      partition: 0,
      offset: log.length,
      timestampMs,
      key: bytes(key),
      value: bytes(value),
      headers: {},
    })
  }

  function control(kind: Kind, record: { organizationId: string; id: string }): void {
    const key = controlKey(kind, record.organizationId, record.id)
    const value = Buffer.from(JSON.stringify(record))
    const place = { topic: 'control', partition: 0, offset: controlOffset++, timestampMs: 0, headers: {} }
    view.apply({ ...place, key: Buffer.from(key), value })
  }

  const caller = {
    call(request: OutboundCall): Promise<CallResult> {
      requests.push(request)
      const given = answer(request, requests.length)
      if (given !== undefined) return Promise.resolve(given)
      return new Promise(resolve =>
        request.signal.addEventListener('abort', () => resolve({ errorKind: 'timeout', error: 'given up' })),
      )
    },
    close: () => undefined,
  }
  const tables: TableSteps = {
    run(step) {
      const statement = given.run(step)
      statements.add(statement)
      statement.catch(() => undefined).finally(() => statements.delete(statement))
      return statement
    },
  }
  const appender = {
    append: async (record: OutRecord) => {
      append(record)
      return { offset: -1, timestampMs: -1 }
    },
    close: async () => undefined,
  }
  const processor = createRunProcessor({
    ...{
      view,
      caller,
      tables,
      foreign,
      appender,
      sandboxes,
      clock,
      clockOffsetMs: 0,
      timeScale: 1,
      shards: 1,
      observe: SILENT,
      logger: createLogger('silent'),
    },
    validate: () => [],
    usageOf,
    secrets: { decrypt: sealed => sealed },
  })

  function open(): void {
    const positions = new Map<string, number>()
    const opened = { filling: [], isDirty: false, isCommitting: false, positions, paused: new Set(), hasEnded: false }
    session = opened as unknown as Session
    const own = session
    const handle: ShardHandle = {
      ...{ role: 'run', shard: 0, ...NO_PAUSES, position: () => undefined, uncommittedForMs: () => 0 },
      write(records) {
        own.filling.push(...records)
        own.isDirty = true
      },
      assign: (topic, _partition, from) => void positions.set(topic, from === 'earliest' ? 0 : from),
      unassign: topic => void positions.delete(topic),
      pause: topic => void own.paused.add(topic),
      resume: topic => void own.paused.delete(topic),
      isHeld: () => !own.hasEnded,
      fail: error => void failures.push(error),
    }
    own.task = processor.open(handle)
    for (const topic of STATES) for (const record of compacted(logOf(topic))) own.task.restore(record)
    void own.task.start()
  }

  /** Hands everything unread to the shard. */
  function read(): boolean {
    let hasRead = false
    for (const [topic, from] of session.positions) {
      const records = logOf(topic).slice(from)
      if (records.length === 0 || session.paused.has(topic)) continue
      session.positions.set(topic, from + records.length)
      session.task.receive(records, from + records.length, false)
      hasRead = true
    }
    return hasRead
  }

  function commit(): void {
    const records = session.filling.concat(session.task.seal())
    session.filling = []
    session.isDirty = false
    for (const record of records) append(record)
    session.task.committed?.()
  }

  /** Answers, turns and timers that are due now. */
  const breathe = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
    clock.advance(0)
  }

  const organization = {
    ...{ id: ORGANIZATION, organizationId: ORGANIZATION, plan: 'ENTERPRISE', status: 'active', partitions: 1 },
    ...{ createdAt: new Date(0).toISOString(), testEnvironment: false, slug: 'a' },
  }
  control('organization', organization)
  open()

  const keysOf = (topic: string) =>
    compacted(logOf(topic))
      .filter(({ value }) => value)
      .map(({ key }) => String(key))

  const rows = () =>
    logOf(auditRuns.name).flatMap(({ value }) => {
      const { runs: ofRuns, steps } = auditRunsCodec.decode(value!)
      return [...ofRuns, ...steps]
    })

  const inputs = createInputs({ append, clock, organizationId: ORGANIZATION })
  return {
    clock,
    requests,
    organization,
    failures,
    /** The workflow is live at once. */
    deploy(definition: object, settings: Partial<Workflow> = {}): Workflow {
      const workflow = workflowOf({ organizationId: ORGANIZATION, ...settings })
      const kept = keepDefinition({ language: 1, onError: [], ...definition }, 'canonical')
      const { id, createdAt, environment } = workflow
      const common = { organizationId: ORGANIZATION, revision: 1, createdAt, updatedAt: createdAt, environment }
      const facts = { workflowId: id, version: 1, deployedBy: 'key_a', rollbackOf: null, env: [] as string[] }
      control('workflow-version', { ...common, id: versionId(id, 1), ...facts, ...kept } as never)
      control('workflow', workflow)
      return workflow
    },
    control,
    ...inputs,
    /** What steps and the reference domain have emitted. */
    emits: (): PlatformEmit[] => logOf(platformEmits.name).map(({ value }) => platformEmitCodec.decode(value!)),
    /** Judges the emit of a step as accepted. */
    accept({ step }: PlatformEmit, eventId = 'evt_new'): void {
      const verdict = {
        ...{ ...step!, verdict: 'accepted' as const, code: null, message: null, emitId: 'cee_new', eventId },
        ...{ canonicalName: 'n', depth: 1 },
      }
      append({ topic: runs.name, key: null, value: runInputCodec.encode({ start: null, verdict }) })
    },
    read,
    commit,
    breathe,
    isDirty: () => session.isDirty,
    /** Statements under way have ended. */
    statementsEnd: () => Promise.allSettled([...statements]),
    /** Reads, commits and answers until nothing is left to do now. */
    async settle(): Promise<void> {
      for (let quiet = 0; quiet < 2; ) {
        await breathe()
        const hasRead = read()
        await breathe()
        await Promise.allSettled([...statements])
        await breathe()
        const { isDirty } = session
        if (isDirty) commit()
        quiet = hasRead || isDirty ? 0 : quiet + 1
      }
    },
    /** Nobody runs anything until the next owner comes. */
    stop(): void {
      session.hasEnded = true
      session.task.close()
    },
    /** Everything that is not committed is gone; another owner goes on. */
    crash(): void {
      session.hasEnded = true
      session.task.close()
      open()
    },
    runs: () => rows().filter((row): row is RunRow => 'step' in row),
    /** What api processes read, by process. */
    answers: (process: string) =>
      logOf(responses.name)
        .filter(({ key }) => String(key) === process)
        .flatMap(({ value }) => responsesCodec.decode(value!).responses)
        .map(({ value, ...row }) => ({ ...row, value: JSON.parse(value.toString()) })),
    ended: () => rows().filter((row): row is RunRow => 'step' in row && row.step === 1),
    steps: () => rows().filter((row): row is StepRow => 'path' in row),
    /** Records of a topic that is no state. */
    written: (topic: string): readonly LogRecord[] => logOf(topic),
    /** Keys of the journal that are not removed. */
    journal: () => keysOf(runJournal.name),
    /** Keys of the state that are not removed. */
    state: () => keysOf(runState.name),
  }
}

function compacted(log: readonly LogRecord[]): LogRecord[] {
  return [...new Map(log.map(record => [String(record.key), record])).values()]
}
