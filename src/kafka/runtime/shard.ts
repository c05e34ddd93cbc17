/**
 * One shard of one role on this process.
 *
 *     opening (writer fences the last holder) ──► restoring (state read up to a barrier) ──► running
 *       ▲                                                                                      │
 *       └── after a pause; fenced: once the lease was confirmed since ◄── ended ◄── any failure ┘
 *                                                                          ▲
 *                                           suspended: the lease is lost ──┘  (roles that act outside their transactions)
 *
 * `shard-transactions.ts` runs a session's transactions. After a failure that ends a session the state is restored,
 * because a commit whose answer was lost may have happened.
 */
import { SHARED_TOPICS } from '../../../topics/index.ts'
import type { Clock, Random } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { Gap, LogReader, LogRecord, Processor, Unavailable } from '../ports.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import { CommitFailed, openTransactionalWriter } from '../write/transactional-writer.ts'
import { createInputQueue, type InputLag } from './input-queue.ts'
import { createPacing } from './pacing.ts'
import { createPoisonIsolation } from './poison-isolation.ts'
import { createProducerMarks } from './producer-mark.ts'
import { createReopening } from './reopening.ts'
import { createRestore } from './restore.ts'
import { ENDED, emptyFilling, isEnded, type Session } from './session.ts'
import { handleOf } from './shard-handle.ts'
import type { ShardMetrics, ShardState } from './shard-metrics.ts'
import { createShardPauses } from './shard-pauses.ts'
import { createShardTransactions } from './shard-transactions.ts'

export interface Shard {
  open(): void
  running(): boolean
  state(): ShardState
  /** Topics whose organizations are paused. */
  paused(): Unavailable[]
  /** Problems that do not stop it. */
  degraded(): string | undefined
  /** What waits in its inputs. */
  lag(): InputLag
  onRecords(topic: string, partition: number, records: LogRecord[], nextOffset: number): void
  onReplaced(topic: string, partition: number): void
  onGap(topic: string, partition: number, gap: Gap): void
  /** The lease is lost: everything stops, uncommitted work is dropped. */
  suspend(): void
  /** The lease is confirmed again. */
  resume(): void
  /** Reads nothing new, lets work under way end and commit. It is not opened again. */
  drain(): Promise<void>
  /** Stops at once; resolves when its connections are closed. */
  drop(): Promise<void>
}

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
  const inputs = createInputQueue(reader, {
    shareMax: processor.partitionShareMax,
    mayTake: processor.pausesOn && (topic => isAvailable(processor.pausesOn!(topic))),
  })
  const isolation = createPoisonIsolation()
  const pauses = createShardPauses({
    ...{ kafka: deps.kafka, processor, clock, logger, inputs, isPausable: isOfOneOrganization },
    onRelease: () => transactions.schedule(),
    onChange(topic) {
      if (current?.phase.name !== 'running') return
      const { task } = current.phase
      guarded(current, () => task.pausesChanged?.(topic))
    },
  })
  const transactions = createShardTransactions({
    ...{ processor, clock, logger, inputs, isolation, pauses, end, suspend },
    current: () => current,
    isDraining: () => isDraining,
    isHeld: lease.isHeld,
    onCommit: (seconds, records) => deps.metrics.transaction(role, number, seconds, records),
  })
  let current: Session | undefined
  let isSuspended = false
  let isDraining = false
  let isDropped = false
  const reopening = createReopening({
    clock,
    random: deps.random,
    confirmedAtMs: () => lease.confirmedAtMs(),
    open,
  })
  /** The closing connections of ended sessions. */
  let closing: Promise<unknown> = Promise.resolve()

  const isAvailable = (topic: string | undefined): boolean =>
    topic === undefined || pauses.unavailable(topic) === undefined

  function guarded(session: Session, act: () => void): void {
    try {
      act()
    } catch (error) {
      end(session, error)
    }
  }

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
        onDue: () => transactions.pump(session),
      }),
      opened: Promise.resolve(),
    }
    current = session
    session.opened = start(session).catch(error => end(session, error))
  }

  async function start(session: Session): Promise<void> {
    const startedAtMs = clock.monotonicMs()
    const task = processor.open(
      handleOf(session, { role, shard: number, inputs, isolation, pauses, transactions, lease, end }),
    )
    if (isEnded(session)) return task.close()
    const stop = new AbortController()
    session.phase = { name: 'opening', task, stop }
    const home = processor.appends ? { topic: processor.stateTopics[0]!, partition: number } : undefined
    const writer = await openTransactionalWriter({
      ...{ kafka: deps.kafka, clock, logger, transactionalId: `${role}-${number}`, home },
      ...{ isPausable: isOfOneOrganization, signal: stop.signal },
    })
    if (isEnded(session)) return writer.close()
    await pauses.open()
    if (isEnded(session)) return writer.close()
    const marks = createProducerMarks(home)
    const restore = createRestore({
      ...deps,
      marks,
      stateTopics: processor.stateTopics,
      partition: number,
      take: record => task.restore(record),
    })
    session.phase = { name: 'restoring', task, writer, restore }
    await restore.run(writer)
    if (isEnded(session)) return
    await task.start()
    if (isEnded(session)) return
    session.phase = { name: 'running', task, writer, marks, isCommitting: false, outputSinceMs: undefined }
    reopening.reset()
    const tookMs = clock.monotonicMs() - startedAtMs
    deps.metrics.opened?.(role, number, tookMs / 1000)
    logger.debug({ ms: Math.round(tookMs) }, 'shard running')
    transactions.pump(session)
  }

  /** This session is over; the reason decides when the next one begins. Never throws: no caller would handle it. */
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
    // Also closes a writer that is being opened: it would fence the shard's next owner.
    closing = Promise.all([closing, session.opened, written])
    if (isDropped || isSuspended) {
      isolation.reset()
      return
    }
    const outcome = error instanceof CommitFailed ? error.outcome : 'fault'
    const isFenced = error instanceof CommitFailed && error.isFenced
    if (processor.isolatesRecords && (outcome === 'refused' || outcome === 'fault')) isolation.failed()
    else isolation.reset()
    const facts = { outcome, isFenced, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    // A shard mostly fails to open because the broker is unavailable, which is not its own fault.
    const reason = outcome === 'fault' && phase.name !== 'running' ? 'unopened' : outcome
    tidy(() => deps.metrics.reopened(role, number, isFenced ? 'fenced' : reason))
    logger.warn(facts, isDraining ? 'shard stopped while it drained' : 'shard stopped; opening it again')
    if (!isDraining) reopening.soon(isFenced ? clock.monotonicMs() : undefined)
  }

  /** A failure in one step of a session's end must not prevent the others. */
  function tidy(act: () => void): void {
    try {
      act()
    } catch (error) {
      logger.error(
        { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
        'a session did not end cleanly',
      )
    }
  }

  /** Reading has gone back to offsets that identify other records now. */
  function turnBack(topic: string, partition: number): void {
    const session = current
    if (!session || isEnded(session)) return
    isolation.forget(topic, partition)
    const { phase } = session
    if (phase.name === 'restoring' && phase.restore.reads(topic))
      end(session, new Error(`state topic ${topic}/${partition} was cut or made anew while it was read`))
  }

  function suspend(): void {
    if (isSuspended || isDropped) return
    isSuspended = true
    reopening.cancel()
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
    paused: pauses.paused,
    degraded: () => (current?.phase.name === 'running' ? current.phase.task.degraded?.() : undefined),
    lag: inputs.lag,
    onRecords(topic, partition, records, nextOffset) {
      const session = current
      if (!session || isEnded(session)) return
      try {
        if (session.phase.name === 'restoring' && session.phase.restore.reads(topic)) {
          session.phase.restore.onRecords(topic, records)
          return
        }
        inputs.push(topic, partition, records, nextOffset)
        transactions.schedule()
      } catch (error) {
        end(session, error)
      }
    },
    onReplaced: turnBack,
    onGap(topic, partition, { reason }) {
      if (reason === 'truncated') turnBack(topic, partition)
      else isolation.forget(topic, partition)
    },
    suspend,
    resume() {
      if (!isSuspended || isDropped) return
      isSuspended = false
      reopening.reset()
      if (!isDraining) deps.metrics.reopened(role, number, 'lost')
      open()
    },
    async drain() {
      isDraining = true
      reopening.cancel()
      const session = current
      const running = session?.phase
      if (!session || running?.name !== 'running') return
      try {
        await running.task.drain?.()
        while (!isEnded(session) && (session.filling.isDirty || running.isCommitting)) {
          transactions.pump(session)
          await clock.sleep(1)
        }
      } catch (error) {
        end(session, error)
      }
    },
    async drop() {
      isDropped = true
      reopening.cancel()
      if (current) end(current, new Error('dropped'))
      await Promise.all([closing, pauses.close()])
    },
  }
}

const SHARED_NAMES: ReadonlySet<string> = new Set(SHARED_TOPICS.map(({ name }) => name))
const isOfOneOrganization = (topic: string): boolean => !SHARED_NAMES.has(topic)
