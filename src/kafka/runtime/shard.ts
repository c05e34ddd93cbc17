/**
 * One shard of one role on this process.
 *
 *     opening (writer fences the last holder) ──► restoring (state read up to a barrier) ──► running
 *       ▲                                                                                      │
 *       └── after a pause; fenced: once the lease was confirmed since ◄── ended ◄── any failure ┘
 *                                                                          ▲
 *                                           suspended: the lease is lost ──┘  (roles that act outside their transactions)
 *
 * While one transaction commits the next one fills; there is no timer. Nothing is ever undone in memory: after a failure the state is read
 * again, because a commit whose answer is lost may have happened.
 */
import { SHARED_TOPICS } from '../../../topics/index.ts'
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { Gap, LogReader, LogRecord, OutRecord, Processor, ShardHandle, ShardTask } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import type { ReaderWatch } from '../read/reader-watch.ts'
import { CommitFailed, openTransactionalWriter, type TransactionalWriter } from '../write/transactional-writer.ts'
import { createInputQueue } from './input-queue.ts'
import { createPacing, type Pacing } from './pacing.ts'
import { createRestore, type Restore } from './restore.ts'
import { createSuspects } from './suspects.ts'

const INPUT_RECORDS_MAX = 2_000
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024
/** Records given to the task in one call: bounds how long the event loop is held. */
const SLICE_RECORDS = 125
const REOPEN_PAUSE_MS = { first: 50, most: 5_000 }

export interface ShardMetrics {
  transaction(role: string, shard: number, seconds: number, records: number): void
  /** It is running, so long after it began to open. */
  opened?(role: string, shard: number, seconds: number): void
  reopened(role: string, shard: number, reason: string): void
  /** The group has given this process these shards. */
  assigned(role: string, shards: number): void
  /** Who watches the log readers. */
  readers?: ReaderWatch
  /** Called once for each role: what is given may be read at any time. */
  watch?(role: string, figures: RoleFigures): void
}

export interface RoleFigures {
  /** Since the lease was confirmed, s; undefined: it is not a member of its group. */
  leaseAgeSeconds(): number | undefined
  leasesLost(): number
  shards(): Record<ShardState, number>
}

/** `suspended`: the lease is lost. */
export type ShardState = 'opening' | 'running' | 'draining' | 'suspended'

export interface Shard {
  open(): void
  running(): boolean
  state(): ShardState
  onRecords(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  onReplaced(topic: string, partition: number): void
  onGap(topic: string, partition: number, gap: Gap): void
  /** The lease is lost: everything stops, uncommitted work is dropped. */
  suspend(): void
  /** The lease is confirmed again. */
  resume(): void
  /** Takes nothing new, lets work under way end and commit. It is not opened again. */
  drain(): Promise<void>
  /** Stops at once; resolves when its connections are closed. */
  drop(): Promise<void>
}

/** The transaction that is being filled. */
interface Filling {
  records: OutRecord[]
  bytes: number
  inputs: number
  /** It is to be committed. */
  isDirty: boolean
  /** Somebody waits for it. */
  flushNow: boolean
  /** Of its oldest output; monotonic. */
  outputSinceMs: number | undefined
}

const emptyFilling = (): Filling => ({ records: [], bytes: 0, inputs: 0, isDirty: false, flushNow: false, outputSinceMs: undefined })

interface New {
  name: 'new'
}
interface Opening {
  name: 'opening'
  task: ShardTask
  /** Ends the opening of the writer. */
  stop: AbortController
}
interface Restoring {
  name: 'restoring'
  task: ShardTask
  writer: TransactionalWriter
  restore: Restore
}
interface Running {
  name: 'running'
  task: ShardTask
  writer: TransactionalWriter
  isCommitting: boolean
  /** Of the oldest output in the transaction that commits; monotonic. */
  outputSinceMs: number | undefined
}
interface Ended {
  name: 'ended'
}

/** From one opening of the writer to its end. */
interface Session {
  phase: New | Opening | Restoring | Running | Ended
  filling: Filling
  readonly pacing: Pacing
  /** Settles when nothing of the opening is under way any more. */
  opened: Promise<void>
}

const ENDED: Ended = { name: 'ended' }

export function createShard(deps: {
  kafka: KafkaSettings
  processor: Processor
  shard: number
  clock: Clock
  random: Random
  logger: Logger
  metrics: ShardMetrics
  reader: LogReader
  lease: {
    /** When the lease on this shard was last confirmed; negative: it is not held. */
    confirmedAtMs(): number
    isHeld(): boolean
  }
}): Shard {
  const { processor, shard: number, clock, reader, lease } = deps
  const { role } = processor
  const logger = deps.logger.child({ shard: number })
  const inputs = createInputQueue(reader, processor.partitionShareMax)
  const suspects = createSuspects()
  let current: Session | undefined
  let isSuspended = false
  let isDraining = false
  let isDropped = false
  let failures = 0
  let reopenTimer: Timer | undefined
  /** Of the sessions that have ended: their connections. */
  let closing: Promise<unknown> = Promise.resolve()

  function open(): void {
    if (isDropped || isDraining || isSuspended) return
    if (processor.actsOutside && !lease.isHeld()) {
      suspend()
      return
    }
    const session: Session = {
      phase: { name: 'new' },
      filling: emptyFilling(),
      pacing: createPacing({
        paceMs: processor.commitPaceMs ?? 0,
        fromInputs: processor.commitPaceFrom ?? 0,
        clock,
        onDue: () => pump(session),
      }),
      opened: Promise.resolve(),
    }
    current = session
    session.opened = start(session).catch(error => end(session, error))
  }

  async function start(session: Session): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const task = processor.open(handleOf(session))
    if (isEnded(session)) return task.close()
    const stop = new AbortController()
    session.phase = { name: 'opening', task, stop }
    const transactionalId = `${role}-${number}`
    const writer = await openTransactionalWriter({
      kafka: deps.kafka,
      transactionalId,
      clock,
      logger,
      isPausable: isOfOneOrganization,
      signal: stop.signal,
    })
    if (isEnded(session)) return writer.close()
    const restore = createRestore({
      ...deps,
      stateTopics: processor.stateTopics,
      partition: number,
      take: record => task.restore(record),
    })
    session.phase = { name: 'restoring', task, writer, restore }
    await restore.run(writer)
    if (isEnded(session)) return
    await task.start()
    if (isEnded(session)) return
    session.phase = { name: 'running', task, writer, isCommitting: false, outputSinceMs: undefined }
    failures = 0
    const tookMs = clock.monotonicMs() - startedAtMs
    deps.metrics.opened?.(role, number, tookMs / 1000)
    logger.debug({ ms: Math.round(tookMs) }, 'shard running')
    pump(session)
  }

  const isEnded = (session: Session): boolean => session.phase.name === 'ended'

  function handleOf(session: Session): ShardHandle {
    return {
      role,
      shard: number,
      write(records, flushNow = false) {
        if (isEnded(session)) return
        const { filling } = session
        for (const record of records) {
          filling.records.push(record)
          filling.bytes += encodedBytesMax(record)
        }
        if (records.length > 0) filling.outputSinceMs ??= clock.monotonicMs()
        filling.isDirty = true
        filling.flushNow ||= flushNow
        schedule(session)
      },
      assign: (topic, partition, from, known) => {
        if (!isEnded(session)) inputs.assign(topic, partition, from, known)
      },
      position: (topic, partition) => inputs.position(topic, partition),
      unassign(topic, partition) {
        suspects.forget(topic, partition)
        inputs.unassign(topic, partition)
      },
      pause: (topic, partition) => inputs.hold(topic, partition),
      resume(topic, partition) {
        inputs.release(topic, partition)
        schedule(session)
      },
      isHeld: () => !isEnded(session) && lease.isHeld(),
      uncommittedForMs: () => uncommittedForMs(session),
      fail: error => end(session, error),
    }
  }

  function uncommittedForMs({ phase, filling }: Session): number {
    const sinceMs = (phase.name === 'running' ? phase.outputSinceMs : undefined) ?? filling.outputSinceMs
    return sinceMs === undefined || phase.name === 'ended' ? 0 : clock.monotonicMs() - sinceMs
  }

  let isScheduled = false
  function schedule(session: Session): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      pump(current ?? session)
    })
  }

  /** Fills the transaction as far as its bounds allow, and commits it if none is under way. */
  function pump(session: Session): void {
    const running = session.phase
    if (running.name !== 'running') return
    try {
      fill(session, running)
      if (isEnded(session)) return
      const { filling } = session
      if (!filling.isDirty && !running.isCommitting) {
        inputs.renew()
        // Full of what has had no output yet: committed as it is, for the rest not to wait for some.
        if (filling.inputs >= INPUT_RECORDS_MAX) filling.isDirty = true
      }
      if (filling.isDirty && !running.isCommitting && mayCommit(session, running))
        commit(session, running).catch(error => end(session, error))
      if (mayTake(session, running)) schedule(session)
    } catch (error) {
      end(session, error)
    }
  }

  const mayCommit = (session: Session, running: Running): boolean =>
    isDraining || session.filling.flushNow || !hasRoom(session, running) || session.pacing.isDue()

  function hasRoom({ filling }: Session, running: Running): boolean {
    if (filling.inputs >= INPUT_RECORDS_MAX || filling.bytes >= OUTPUT_BYTES_MAX) return false
    // A lone record that has had no output will not be committed: nothing waits for it.
    return !suspects.alone() || (!filling.isDirty && !running.isCommitting)
  }

  /** Whether there is something to take now, and room for it; a suspect only once all before it has been committed. */
  function mayTake(session: Session, running: Running): boolean {
    if (isDraining || !inputs.ready() || isEnded(session)) return false
    return suspects.any() ? !session.filling.isDirty && !running.isCommitting : hasRoom(session, running)
  }

  function fill(session: Session, running: Running): void {
    if (!mayTake(session, running)) return
    if (suspects.any()) {
      fillOne(running)
      return
    }
    const { filling } = session
    const taken = inputs.take(Math.min(SLICE_RECORDS, INPUT_RECORDS_MAX - filling.inputs))
    if (!taken) return
    suspects.note(taken.topic, taken.partition, taken.nextOffset)
    filling.inputs += taken.records.length
    running.task.receive(taken.records, taken.nextOffset, false)
  }

  /** After a transaction failed on its records, one record at a time until the one at fault is found. */
  function fillOne(running: Running): void {
    const taken = inputs.take(1)
    if (!taken) return
    const isolated = suspects.enter(taken.topic, taken.partition, taken.nextOffset)
    running.task.receive(taken.records, taken.nextOffset, isolated)
  }

  async function commit(session: Session, running: Running): Promise<void> {
    // A process that was stopped for longer than its lease: the work of others must not be committed over.
    if (processor.actsOutside && !lease.isHeld()) {
      suspend()
      return
    }
    running.isCommitting = true
    const startedAtMs = clock.monotonicMs()
    const sealed = session.filling
    const records = sealed.records.concat(running.task.seal())
    suspects.sealed()
    inputs.renew()
    session.pacing.begin(sealed.inputs)
    running.outputSinceMs = sealed.outputSinceMs
    session.filling = emptyFilling()
    await running.writer.commit(records)
    deps.metrics.transaction(role, number, (clock.monotonicMs() - startedAtMs) / 1000, records.length)
    running.isCommitting = false
    running.outputSinceMs = undefined
    suspects.committed()
    if (isEnded(session)) return
    running.task.committed?.()
    pump(session)
  }

  /** This session is over; when the next one begins depends on why. It never throws: nobody would hear of it. */
  function end(session: Session, error: unknown): void {
    const { phase } = session
    if (phase.name === 'ended') return
    session.phase = ENDED
    session.pacing.stop()
    tidy(() => inputs.clear())
    if (phase.name === 'opening') phase.stop.abort()
    if (phase.name === 'restoring') tidy(() => phase.restore.abandon())
    if (phase.name !== 'new') tidy(() => phase.task.close())
    const written = 'writer' in phase ? phase.writer.close().catch(() => undefined) : undefined
    // Also a writer that is being opened: it fences the shard's next owner.
    closing = Promise.all([closing, session.opened, written])
    if (isDropped || isSuspended) {
      suspects.reset()
      return
    }
    const outcome = error instanceof CommitFailed ? error.outcome : 'fault'
    const isFenced = error instanceof CommitFailed && error.isFenced
    if (processor.isolatesRecords && (outcome === 'refused' || outcome === 'fault')) suspects.failed()
    else suspects.reset()
    const facts = { outcome, isFenced, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    // What keeps a shard from being opened is mostly that the broker is away: no fault of what it does.
    const reason = outcome === 'fault' && phase.name !== 'running' ? 'unopened' : outcome
    tidy(() => deps.metrics.reopened(role, number, isFenced ? 'fenced' : reason))
    logger.warn(facts, isDraining ? 'shard stopped while it drained' : 'shard stopped; opening it again')
    if (!isDraining) reopenSoon(isFenced ? clock.monotonicMs() : undefined)
  }

  /** One fault of a session's end must not keep the rest of it from happening. */
  function tidy(act: () => void): void {
    try {
      act()
    } catch (error) {
      logger.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a session did not end cleanly')
    }
  }

  /** Fenced means that another process thought it held the shard: open again only when the group has confirmed us since. */
  function reopenSoon(fencedAtMs: number | undefined): void {
    const pauseMs = Math.min(REOPEN_PAUSE_MS.first * 2 ** failures++, REOPEN_PAUSE_MS.most) * (0.5 + deps.random.uniform())
    reopenTimer = clock.after(pauseMs, () => {
      if (isDropped || isDraining || isSuspended) return
      if (fencedAtMs !== undefined && lease.confirmedAtMs() <= fencedAtMs) reopenSoon(fencedAtMs)
      else open()
    })
  }

  /** Reading has gone back to offsets that name other records now. */
  function turnBack(topic: string, partition: number): void {
    const session = current
    if (!session || isEnded(session)) return
    suspects.forget(topic, partition)
    const { phase } = session
    if (phase.name === 'restoring' && phase.restore.reads(topic))
      end(session, new Error(`state topic ${topic}/${partition} was cut or made anew while it was read`))
  }

  function suspend(): void {
    if (isSuspended || isDropped) return
    isSuspended = true
    reopenTimer?.cancel()
    if (current) end(current, new Error('the lease is lost'))
    logger.warn({}, 'shard suspended: its lease is lost')
  }

  return {
    open,
    running: () => current?.phase.name === 'running',
    state() {
      if (isSuspended) return 'suspended'
      if (isDraining) return 'draining'
      return current?.phase.name === 'running' ? 'running' : 'opening'
    },
    onRecords(topic, partition, records, nextOffset) {
      const session = current
      if (!session || isEnded(session)) return
      try {
        if (session.phase.name === 'restoring' && session.phase.restore.reads(topic)) {
          session.phase.restore.onRecords(topic, records)
          return
        }
        inputs.push(topic, partition, records, nextOffset)
        schedule(session)
      } catch (error) {
        end(session, error)
      }
    },
    onReplaced: turnBack,
    onGap(topic, partition, { reason }) {
      if (reason === 'truncated') turnBack(topic, partition)
      else suspects.forget(topic, partition)
    },
    suspend,
    resume() {
      if (!isSuspended || isDropped) return
      isSuspended = false
      failures = 0
      if (!isDraining) deps.metrics.reopened(role, number, 'lost')
      open()
    },
    async drain() {
      isDraining = true
      reopenTimer?.cancel()
      const session = current
      const running = session?.phase
      if (!session || running?.name !== 'running') return
      try {
        await running.task.drain?.()
        while (!isEnded(session) && (session.filling.isDirty || running.isCommitting)) {
          pump(session)
          await clock.sleep(1)
        }
      } catch (error) {
        end(session, error)
      }
    },
    async drop() {
      isDropped = true
      reopenTimer?.cancel()
      if (current) end(current, new Error('dropped'))
      await closing
    },
  }
}

const SHARED_NAMES: ReadonlySet<string> = new Set(SHARED_TOPICS.map(({ name }) => name))
const isOfOneOrganization = (topic: string): boolean => !SHARED_NAMES.has(topic)
