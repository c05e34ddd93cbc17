/**
 * The processor runtime in memory: it feeds one shard, commits its transactions and reopens it after a failure. A
 * transaction becomes visible at once or not at all, so a test can crash the shard before or after any commit.
 */
import type { Clock } from '../../../../src/clock.ts'
import type { OutRecord, ShardHandle, ShardTask } from '../../../../src/kafka/ports.ts'
import { RETRY_TIERS } from '../../../../topics/deliveries-retry.ts'
import { NO_PAUSES } from '../../../support/no-pauses.ts'
import { isState, type MemoryLog } from './log.ts'

/** Turns of the event loop without work after which nothing more can run. */
const IDLE_ROUNDS = 12

interface Session {
  task: ShardTask
  filling: OutRecord[]
  dirty: boolean
  positions: Map<string, number>
  paused: Set<string>
  ended: boolean
  /** Another owner has the shard: nothing of this one commits any more. */
  fenced: boolean
}

const newSession = (): Session => ({
  task: undefined as unknown as ShardTask,
  filling: [],
  dirty: false,
  positions: new Map(),
  paused: new Set(),
  ended: false,
  fenced: false,
})

const isRetryTopic = (topic: string) => RETRY_TIERS.some(tier => tier.topic.name === topic)
const tick = () => new Promise<void>(resolve => setImmediate(resolve))

function handleOf(session: Session, fail: (error: Error) => void): ShardHandle {
  return {
    role: 'deliver',
    shard: 0,
    write(records) {
      if (session.ended) return
      session.filling.push(...records)
      session.dirty = true
    },
    assign: (topic, _partition, from) => void session.positions.set(topic, from === 'earliest' ? 0 : from),
    unassign: topic => void session.positions.delete(topic),
    pause: topic => void session.paused.add(topic),
    resume: topic => void session.paused.delete(topic),
    position: () => undefined,
    isHeld: () => !session.ended && !session.fenced,
    uncommittedForMs: () => 0,
    ...NO_PAUSES,
    fail(error) {
      if (!session.ended && !session.fenced) fail(error)
    },
  }
}

export function createMemoryRuntime(deps: {
  clock: Clock & { advance(ms: number): void }
  log: MemoryLog
  openTask(handle: ShardHandle): ShardTask
  /** The records of a transaction that commits. */
  committed(records: OutRecord[]): void
}) {
  const { clock, log } = deps
  const failures: Error[] = []
  let session: Session | undefined
  let formerOwner: Session | undefined
  let areCommitsHeld = false
  let areRetriesLate = false

  function open(): void {
    const opened = newSession()
    const handle = handleOf(opened, error => {
      failures.push(error)
      end(opened)
      open()
    })
    session = opened
    opened.task = deps.openTask(handle)
    for (const record of log.stateRecords()) opened.task.restore(record)
    void opened.task.start()
  }

  function end(of: Session | undefined): void {
    if (!of || of.ended) return
    of.ended = true
    of.task.close()
  }

  function pump(): boolean {
    const of = session
    if (!of || of.ended) return false
    let worked = false
    for (const [topic, from] of of.positions) {
      const records = of.paused.has(topic) ? [] : log.batch(topic, from)
      if (records.length === 0) continue
      worked = true
      const next = records.at(-1)!.offset + 1
      of.positions.set(topic, next)
      of.task.receive(records, next, false)
      if (of.ended) return true
    }
    return commit(of) || worked
  }

  function seal(of: Session): OutRecord[] {
    const records = of.filling.concat(of.task.seal())
    of.filling = []
    of.dirty = false
    return records
  }

  function apply(records: OutRecord[]): void {
    deps.committed(records)
    for (const record of records) {
      const isRetry = isRetryTopic(record.topic)
      if (isState(record.topic) || isRetry) log.append(record, 0, !(isRetry && areRetriesLate))
    }
  }

  function commit(of: Session): boolean {
    if (!of.dirty || areCommitsHeld || of.fenced) return false
    const records = seal(of)
    if (of.ended) return true
    apply(records)
    of.task.committed?.()
    return true
  }

  /** Begins nothing more, and commits its results. */
  async function drain(of: Session): Promise<void> {
    let isOver = false
    const draining = Promise.resolve(of.task.drain?.()).then(() => {
      isOver = true
    })
    for (let rounds = 0; !isOver && rounds < 60; rounds++) {
      await tick()
      if (rounds > 5) clock.advance(1_000)
      commit(of)
    }
    await draining
    commit(of)
    end(of)
  }

  /** Runs everything that can run now. */
  async function settle(rounds = IDLE_ROUNDS): Promise<void> {
    for (let idle = 0; idle < rounds; ) {
      await tick()
      idle = pump() ? 0 : idle + 1
    }
  }

  /** The process dies; `afterCommit`: its last transaction has committed, but it gets no answer. */
  async function crash(afterCommit = false): Promise<void> {
    const of = session
    if (of && !of.ended) {
      if (of.dirty && afterCommit) apply(seal(of))
      end(of)
    }
    session = undefined
    await tick()
  }

  return {
    failures,
    open,
    settle,
    crash,
    async restart(afterCommit = false): Promise<void> {
      await crash(afterCommit)
      open()
      await settle()
    },
    /** Another process takes the shard over, with the same logs: after a drain, or before the former one notices. */
    async move(isOrderly: boolean): Promise<void> {
      end(formerOwner)
      const of = session
      if (!of || of.ended) return
      if (isOrderly) await drain(of)
      of.fenced = true
      formerOwner = of
      open()
      await settle()
    },
    /** Advances time, in steps between which everything settles. */
    async advance(ms: number, stepMs = ms, rounds = IDLE_ROUNDS): Promise<void> {
      for (let done = 0; done < ms; done += stepMs) {
        clock.advance(Math.min(stepMs, ms - done))
        await settle(rounds)
      }
    },
    /** The broker commits nothing for a while. */
    holdCommits(isHeld: boolean) {
      areCommitsHeld = isHeld
    },
    /** The markers of what is written into retry topics come late from now on. */
    delayRetries() {
      areRetriesLate = true
    },
    /** Late markers have arrived. */
    settleMarkers() {
      areRetriesLate = false
      log.closeAll()
    },
    /** The topic's log is cut at this offset; its reader goes back to there. */
    cut(topic: string, offset: number) {
      log.cut(topic, offset)
      session?.positions.set(topic, Math.min(offset, session.positions.get(topic) ?? 0))
    },
  }
}
