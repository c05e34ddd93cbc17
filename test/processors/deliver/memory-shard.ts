/**
 * `deliver` on a broker in memory, in a time that the test controls: one shard, its input and state topics, and the
 * logs of its organizations. A transaction becomes visible at once or not at all, so a test can crash the shard before
 * or after any commit.
 */

import type { DeadLetter } from '../../../processors/deliver/catch-up/redrives.ts'
import { createDeliver, type DeliverDependencies } from '../../../processors/deliver/index.ts'
import { controlKey, createControlView } from '../../../src/control-plane/store/view-store.ts'
import { WEBHOOK_DEFAULTS } from '../../../src/control-plane/webhooks/webhooks.ts'
import { createSecretBox } from '../../../src/crypto/secret-box.ts'
import type { AttemptRequest, AttemptResult } from '../../../src/delivery/send.ts'
import { createChainTokens } from '../../../src/events/chain.ts'
import { eventHeaders } from '../../../src/events/log-record.ts'
import { SUBSCRIBERS_HEADER } from '../../../src/events/subscribers.ts'
import type { LogRecord, OutRecord, ShardHandle, ShardTask } from '../../../src/kafka/ports.ts'
import { createLogger } from '../../../src/logger.ts'
import { createIds, deliveryId, emitId, eventId } from '../../../src/model/ids.ts'
import type { Kind } from '../../../src/model/records.ts'
import { type Replay, type ReplayTarget, targetsOf } from '../../../src/model/replays.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import type { TargetEnd, TargetProgress } from '../../../src/replay/ways/target-runs.ts'
import { type AttemptRow, auditAttempts, auditAttemptsCodec } from '../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec, type CompletionRow } from '../../../topics/audit-emits.ts'
import { auditReplays, auditReplaysCodec, type ReplayItemRow } from '../../../topics/audit-replays.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { deliveryCatchUps, type ParkedWebhook, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import { deliveryState } from '../../../topics/delivery-state.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import { type NoticeKind, notificationRecordCodec, notifications } from '../../../topics/notifications.ts'
import { type PlatformEmit, platformEmitCodec, platformEmits } from '../../../topics/platform-emits.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'
import { NO_PAUSES } from '../../support/no-pauses.ts'

export type Answer =
  | 'ok'
  | 'fail'
  | 'hang'
  | 'gone'
  | { status: number; headers?: Record<string, string> }
  | { laterMs: number; ok: boolean }
export type MemoryShard = ReturnType<typeof createMemoryShard>

const PAGE_RECORDS = 200
const logger = createLogger('silent')
const SENT = { handed: 'sent', durationMs: 0, responseStatus: null, error: null, retryAfterMs: undefined } as const

/** Randomness that is the same in each run. */
export function seededRandom(seed: number) {
  let state = seed >>> 0 || 1
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return {
    uniform: () => next() / 0x1_0000_0000,
    bytes: (length: number) => Buffer.from(Array.from({ length }, () => next() >>> 24)),
  }
}

interface Partition {
  records: LogRecord[]
  /** Offsets whose markers have not arrived: nothing from the first of them on is visible. */
  open: Set<number>
  firstOffset: number
}

const emptyPartition = (): Partition => ({ records: [], open: new Set(), firstOffset: 0 })

interface EmitFacts {
  subject?: string | null
  environment?: 'live' | 'test'
  partition?: number
  /** Its markers have not arrived. */
  isLate?: boolean
  /** They arrive after this time. */
  lateMs?: number
  /** As `admit` wrote it before the log named subscribers. */
  isUnlisted?: boolean
}

type RecordKind = Extract<
  Kind,
  'organization' | 'webhook' | 'replay' | 'federation-group' | 'federation-member' | 'federation-push'
>

export interface MemoryShardOptions {
  partitions?: number
  timeScale?: number
  limits?: DeliverDependencies['limits']
  /** Keeps no rows, for long runs. */
  forgetful?: boolean
  seed?: number
  overrides?: Partial<DeliverDependencies>
  /** Of the history. */
  sources?: Partial<DeliverDependencies['catchUp']>
}

export function createMemoryShard(options: MemoryShardOptions = {}) {
  const clock = createManualClock()
  const random = seededRandom(options.seed ?? 1)
  const ids = createIds({ clock, random })
  const secrets = createSecretBox({ secretKey: 'a key of the tests', random })
  const chains = createChainTokens('a key of the tests')
  const view = createControlView({ clock })
  const organizationId = 'org_0000000000000000000000test'
  const log = eventsTopic.nameFor(organizationId, 'live')
  const topics = new Map<string, Partition[]>()
  const answers = new Map<string, (request: AttemptRequest, number: number) => Answer>()
  const requests: Array<{
    webhookId: string
    deliveryId: string
    attempt: number
    sequence: number
    atMs: number
    subject: string | null
  }> = []
  const rows: AttemptRow[] = []
  const completions: CompletionRow[] = []
  const changes: ChangeRow[] = []
  /** System notices, by kind. */
  const notices: NoticeKind[] = []
  const items: ReplayItemRow[] = []
  const emits: PlatformEmit[] = []
  const ended: Array<{ replayId: string; targetId: string; progress: TargetProgress } & TargetEnd> = []
  const written = { records: 0, bytes: 0, transactions: 0, byTopic: new Map<string, number>(), rows: 0, completions: 0 }
  const webhooks = new Map<string, Webhook>()
  let applied = 0
  let lastNumber = 0
  let session: Session | undefined
  let sent = 0
  let inFlight = 0
  let areCommitsHeld = false
  let areRetriesLate = false

  interface Session {
    task: ShardTask
    filling: OutRecord[]
    dirty: boolean
    committing: boolean
    positions: Map<string, number>
    paused: Set<string>
    ended: boolean
    /** Another owner has the shard: nothing of this one commits any more. */
    fenced: boolean
  }

  function partitionsOf(topic: string): Partition[] {
    const known = topics.get(topic)
    if (known) return known
    const made = Array.from({ length: topic === log ? (options.partitions ?? 2) : 1 }, emptyPartition)
    topics.set(topic, made)
    return made
  }

  const endOf = ({ records, firstOffset }: Partition) =>
    records[0] === undefined ? firstOffset : records[0].offset + records.length

  const stableEndOf = (of: Partition) => (of.open.size === 0 ? endOf(of) : Math.min(...of.open))

  /** Returns the record's offset. */
  function append(record: OutRecord, partition = 0, isVisible = true): number {
    const to = partitionsOf(record.topic)[partition]!
    const offset = endOf(to)
    if (!isVisible) to.open.add(offset)
    const bytes = (value: Buffer | string | null) => (value === null ? null : Buffer.from(value as string))
    to.records.push({
      topic: record.topic,
      partition,
      offset,
      timestampMs: clock.nowMs(),
      key: bytes(record.key),
      value: bytes(record.value),
      headers: Object.fromEntries((record.headers ?? []).map(([name, value]) => [name, Buffer.from(value as string)])),
    })
    return offset
  }

  const source: LogSource = {
    pages: {
      async read(topic, partition, from) {
        const of = partitionsOf(topic)[partition]!
        const first = of.records[0]?.offset ?? of.firstOffset
        const at = Math.max(0, from - first)
        const stableEnd = stableEndOf(of)
        const records = of.records.slice(at, at + PAGE_RECORDS).filter(({ offset }) => offset < stableEnd)
        const nextOffset = records.length > 0 ? records.at(-1)!.offset + 1 : Math.max(from, stableEnd)
        return { records, nextOffset, stableEnd }
      },
      async search(topic, partition, reached) {
        const of = partitionsOf(topic)[partition]!
        let low = 0
        let high = of.records.length
        while (low < high) {
          const middle = (low + high) >> 1
          if (reached(of.records[middle]!)) high = middle
          else low = middle + 1
        }
        return (of.records[0]?.offset ?? of.firstOffset) + low
      },
    },
    ends: {
      all: async topic => new Map(partitionsOf(topic).map((each, partition) => [partition, endOf(each)])),
      of: async (topic, partition) => endOf(partitionsOf(topic)[partition]!),
    },
  }

  const sender = {
    send(request: AttemptRequest): Promise<AttemptResult> {
      const webhookId = new URL(request.url).hostname.replace(/\.test$/, '').replace('-', '_')
      const header = (name: string) =>
        Object.entries(request.headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? ''
      const { subject } = JSON.parse(request.body.toString()) as { subject: string | null }
      const facts = { webhookId, deliveryId: header('x-delivery-id'), attempt: Number(header('x-delivery-attempt')) }
      const of = session
      requests.push({ ...facts, sequence: Number(header('x-event-sequence')), atMs: clock.nowMs(), subject })
      if (options.forgetful && requests.length > 1_000) requests.splice(0, 500)
      const answer = answers.get(webhookId)?.(request, ++sent) ?? 'ok'
      const startedAtMs = clock.nowMs()
      inFlight++
      return new Promise(resolve => {
        const end = (status: number | null, headers: Record<string, string> = {}) => {
          inFlight--
          const ok = status !== null && status < 300
          const errorKind = ok ? null : status === null ? 'timeout' : 'status'
          const error = ok ? null : `The receiver answered ${status}.`
          const times = { startedAtMs, durationMs: clock.nowMs() - startedAtMs, connectMs: 0, firstByteMs: 0 }
          resolve({ status, errorKind, error, headers, body: Buffer.alloc(0), ...times })
        }
        // A request of a process that crashed gets no answer.
        const later = (ms: number, status: number | null) =>
          void clock.after(ms, () => (of === session || status === null ? end(status) : end(status)))
        if (answer === 'hang') later(request.timeoutMs, null)
        else if (answer === 'ok') end(204)
        else if (answer === 'fail') end(500)
        else if (answer === 'gone') end(410)
        else if ('laterMs' in answer) later(answer.laterMs, answer.ok ? 204 : 500)
        else end(answer.status, answer.headers)
      })
    },
    close: () => undefined,
  }

  function note(record: OutRecord): void {
    written.records++
    written.bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
    written.byTopic.set(record.topic, (written.byTopic.get(record.topic) ?? 0) + 1)
    if (record.topic === auditAttempts.name) {
      const { attempts } = auditAttemptsCodec.decode(record.value as Buffer)
      written.rows += attempts.length
      rows.push(...attempts)
      if (options.forgetful && rows.length > 5_000) rows.splice(0, rows.length - 2_500)
    } else if (record.topic === auditEmits.name) {
      const found = auditEmitsCodec.decode(record.value as Buffer).completions
      written.completions += found.length
      completions.push(...found)
      if (options.forgetful && completions.length > 5_000) completions.splice(0, completions.length - 2_500)
    } else if (record.topic === auditChanges.name) {
      changes.push(...auditChangesCodec.decode(record.value as Buffer).changes)
      if (options.forgetful && changes.length > 5_000) changes.splice(0, changes.length - 2_500)
    } else if (record.topic === notifications.name) {
      notices.push(notificationRecordCodec.decode(record.value as Buffer).kind!)
    } else if (record.topic === auditReplays.name) {
      items.push(...auditReplaysCodec.decode(record.value as Buffer).items)
    } else if (record.topic === platformEmits.name) {
      emits.push(platformEmitCodec.decode(record.value as Buffer))
    }
  }

  /** The newest record of each key. */
  function stateOf(topic: string): LogRecord[] {
    const newest = new Map<string, LogRecord>()
    for (const record of partitionsOf(topic)[0]!.records) newest.set(record.key!.toString(), record)
    return [...newest.values()]
  }

  const isState = (topic: string) => topic === deliveryState.name || topic === deliveryCatchUps.name

  /** Compaction, and retention of records that are no longer read. */
  function clean(): void {
    for (const topic of [deliveryState.name, deliveryCatchUps.name]) {
      const of = partitionsOf(topic)[0]!
      const kept = stateOf(topic).filter(({ value }) => value !== null)
      of.records = kept.map((record, at) => ({ ...record, offset: at }))
      of.firstOffset = 0
    }
  }

  function open(): void {
    const opened: Session = {
      task: undefined as unknown as ShardTask,
      filling: [],
      dirty: false,
      committing: false,
      positions: new Map(),
      paused: new Set(),
      ended: false,
      fenced: false,
    }
    const handle: ShardHandle = {
      role: 'deliver',
      shard: 0,
      write(records) {
        if (opened.ended) return
        opened.filling.push(...records)
        opened.dirty = true
      },
      assign: (topic, _partition, from) => void opened.positions.set(topic, from === 'earliest' ? 0 : from),
      unassign: topic => void opened.positions.delete(topic),
      pause: topic => void opened.paused.add(topic),
      resume: topic => void opened.paused.delete(topic),
      position: () => undefined,
      isHeld: () => !opened.ended && !opened.fenced,
      uncommittedForMs: () => 0,
      ...NO_PAUSES,
      fail(error) {
        if (opened.ended || opened.fenced) return
        failures.push(error)
        end(opened)
        open()
      },
    }
    const processor = createDeliver({
      ...{ view, secrets, sender, chains, clock, random, ids, logger, timeScale: options.timeScale ?? 1 },
      catchUp: {
        ...source,
        shards: 1,
        delivered: async () => new Map<string, number>(),
        ended: endTarget,
        pause: async replay => applyRecord('replay', replay.id, { ...replayOf(replay.id), state: 'paused' }),
        relaysTo: async () => [],
        recordedEmits: async (_organizationId, emitIds) => new Set(emitIds),
        keptEvents: { numbers: async () => [], events: async () => [] },
        deliveries: deadLetters,
        ...options.sources,
      },
      reportHealth: async () => undefined,
      reportChannel: async () => undefined,
      sendNotification: async () => SENT,
      ...(options.limits && { limits: options.limits }),
      ...options.overrides,
    })
    session = opened
    opened.task = processor.open(handle)
    for (const topic of [deliveryState.name, deliveryCatchUps.name])
      for (const record of stateOf(topic)) opened.task.restore(record)
    void opened.task.start()
  }

  const failures: Error[] = []
  let formerOwner: Session | undefined

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
      if (of.paused.has(topic)) continue
      const partition = partitionsOf(topic)[0]!
      const first = partition.records[0]?.offset ?? partition.firstOffset
      const visible = stableEndOf(partition) - first
      const records = partition.records.slice(
        Math.max(0, from - first),
        Math.min(visible, Math.max(0, from - first) + 125),
      )
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
    written.transactions++
    for (const record of records) {
      note(record)
      const isRetry = RETRY_TIERS.some(tier => tier.topic.name === record.topic)
      if (isState(record.topic) || isRetry) append(record, 0, !(isRetry && areRetriesLate))
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

  const tick = () => new Promise<void>(resolve => setImmediate(resolve))

  /** Runs everything that can run now. */
  async function settle(rounds = 12): Promise<void> {
    for (let idle = 0; idle < rounds; ) {
      await tick()
      idle = pump() ? 0 : idle + 1
    }
  }

  const replayOf = (id: string) => view.find('replay', organizationId, id)!

  /** As the control plane does: the last target ends the replay. */
  async function endTarget(replay: Replay, target: { id: string }, end: TargetEnd, progress: TargetProgress) {
    ended.push({ replayId: replay.id, targetId: target.id, ...end, progress })
    const now = replayOf(replay.id)
    const targets = targetsOf(now).map(each =>
      each.id === target.id ? { ...each, state: end.state, stateReason: end.reason } : each,
    )
    const state = targets.some(each => each.state === 'running') ? now.state : end.state
    applyRecord('replay', replay.id, { ...now, targets, state })
  }

  function applyRecord(kind: RecordKind, id: string, value: object | null): void {
    view.apply({
      ...{ topic: 'control', partition: 0, offset: applied++, timestampMs: 0, headers: {} },
      key: Buffer.from(controlKey(kind, organizationId, id)),
      value: value && Buffer.from(JSON.stringify(value)),
    })
  }

  /** The deliveries as the history has them: the newest step of each. */
  async function deadLetters(_log: object, deliveryIds: string[]): Promise<DeadLetter[]> {
    return deliveryIds.flatMap(id => {
      const step = rows.findLast(row => row.deliveryId === id)
      if (!step) return []
      const { state, reason, trigger, number, replayId, createdAtMs, startedAtMs } = step
      const times = { createdAt: new Date(createdAtMs).toISOString(), newestAt: new Date(startedAtMs).toISOString() }
      return [{ id, status: state, reason, trigger, attempts: number, replayId, ...times }]
    })
  }

  function put(id: string, changes: Partial<Webhook> | null): void {
    const value =
      changes === null
        ? null
        : {
            ...WEBHOOK_DEFAULTS,
            ...{
              id,
              organizationId,
              revision: 1,
              createdAt: '2026-01-01T00:00:00.000Z',
              updatedAt: '2026-01-01T00:00:00.000Z',
            },
            ...{
              environment: 'live' as const,
              name: null,
              description: null,
              url: `http://${id.replace('_', '-')}.test/`,
              events: ['*'],
            },
            ...{ active: true, pausedAt: null, encryptedSecret, timeoutMs: 30_000, maxInFlight: 10 },
            ...{ retryDelaysMs: [0, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000], apiVersion: '2026-07-01' },
            ...webhooks.get(id),
            ...changes,
          }
    if (value) webhooks.set(id, value as Webhook)
    else webhooks.delete(id)
    applyRecord('webhook', id, value)
  }
  const encryptedSecret = secrets.encrypt('whsec_dGVzdA==')

  return {
    clock,
    random,
    organizationId,
    requests,
    rows,
    completions,
    changes,
    items,
    emits,
    ended,
    written,
    notices,
    failures,
    source,
    deadLetters: (deliveryIds: string[]) => deadLetters({}, deliveryIds),
    open,
    settle,
    inFlight: () => inFlight,
    webhook: put,
    organization(status: 'active' | 'deleted') {
      const updatedAt = new Date(clock.nowMs()).toISOString()
      applyRecord('organization', organizationId, { id: organizationId, organizationId, status, updatedAt })
    },
    answer: (webhookId: string, answer: Answer | ((request: AttemptRequest, number: number) => Answer)) =>
      void answers.set(webhookId, typeof answer === 'function' ? answer : () => answer),
    /** An event for these webhooks, in the log and in `deliveries`. */
    emit(webhookIds: string[], facts: EmitFacts = {}): EventFacts {
      const { subject = null, isLate = false, isUnlisted = false } = facts
      const { environment = 'live' } = facts
      const topic = eventsTopic.nameFor(organizationId, environment)
      const event = { ...eventOf(++lastNumber, organizationId, subject, clock.nowMs()), environment }
      const payload = Buffer.from(`{"n":${event.sequence}}`)
      const count = partitionsOf(topic).length
      const partition = facts.partition ?? (subject === null ? event.sequence : subject.charCodeAt(0)) % count
      const headers = isUnlisted ? unlistedHeaders(event) : eventHeaders(event, webhookIds)
      const offset = append({ topic, partition, key: subject, value: payload, headers }, partition, !isLate)
      if (facts.lateMs !== undefined)
        clock.after(facts.lateMs, () => partitionsOf(topic)[partition]!.open.delete(offset))
      if (webhookIds.length > 0) {
        const value = deliveryRecordCodec.encode({ event, payload, webhookIds })
        append({ topic: deliveries.name, partition: 0, key: organizationId, value })
      }
      return event
    },
    /** An event in the log alone, as it was written before the log named subscribers. */
    logged({ subject = null, partition }: { subject?: string | null; partition?: number } = {}): EventFacts {
      const event = eventOf(++lastNumber, organizationId, subject, clock.nowMs())
      const to = partition ?? event.sequence % partitionsOf(log).length
      const value = Buffer.from(`{"n":${event.sequence}}`)
      append({ topic: log, partition: to, key: subject, value, headers: unlistedHeaders(event) }, to)
      return event
    },
    /** The broker commits nothing for a while. */
    holdCommits(isHeld: boolean) {
      areCommitsHeld = isHeld
    },
    /** A further partition of the log. */
    grow: () => void partitionsOf(log).push(emptyPartition()),
    /** The markers of what is written into retry topics come late from now on. */
    delayRetries() {
      areRetriesLate = true
    },
    /** Late markers have arrived. */
    settleMarkers() {
      areRetriesLate = false
      for (const partitions of topics.values()) for (const partition of partitions) partition.open.clear()
    },
    /** Retention: what was written before this time is gone from the log. */
    dropLogBefore(atMs: number) {
      for (const partition of partitionsOf(log)) drop(partition, atMs)
    },
    /** Retention of the shared inputs. */
    dropInputsBefore(atMs: number) {
      for (const topic of [deliveries.name, ...RETRY_TIERS.map(tier => tier.topic.name)])
        drop(partitionsOf(topic)[0]!, atMs)
    },
    clean,
    /** The topic's log is cut at this offset; its reader goes back to there. */
    cut(topic: string, offset: number) {
      const of = partitionsOf(topic)[0]!
      of.records = of.records.filter(record => record.offset < offset)
      of.firstOffset = of.records[0]?.offset ?? offset
      session?.positions.set(topic, Math.min(offset, session.positions.get(topic) ?? 0))
    },
    command(command: Pick<DeliveryCommand, 'kind' | 'webhookId' | 'deliveryId'> & Partial<DeliveryCommand>) {
      const facts = {
        commandId: ids.next('cmd'),
        organizationId,
        attempts: 0,
        actorId: 'key_1',
        requestId: 'req_1',
        record: null,
      }
      const value = deliveryCommandCodec.encode({ ...facts, ...command })
      append({ topic: deliveriesCommands.name, partition: 0, key: organizationId, value })
    },
    /** Any record of the control plane. */
    record: applyRecord,
    /** Changes a replay as its caller does. */
    steer(id: string, changes: Partial<Replay>) {
      applyRecord('replay', id, { ...replayOf(id), ...changes })
    },
    replayState: (id: string) => replayOf(id),
    /** Replays the log so far to some targets. */
    replayTo(targets: Array<Pick<ReplayTarget, 'kind' | 'id'>>, changes: Partial<Replay> = {}): string {
      const running = targets.map(each => ({ ...each, state: 'running' as const, stateReason: null, progress: null }))
      return this.replay('', {
        webhookId: undefined,
        targets: running,
        targetKind: targets[0]!.kind,
        ...changes,
      } as Partial<Replay>)
    },
    /** Replays the log so far to the webhook. */
    replay(webhookId: string, changes: Partial<Replay> = {}): string {
      const id = ids.next('rpl')
      const times = { createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' }
      applyRecord('replay', id, {
        ...{
          id,
          organizationId,
          revision: 1,
          ...times,
          environment: 'live',
          name: null,
          kind: 'replay',
          matchedMax: null,
          webhookId,
        },
        ...{
          from: '2026-01-01T00:00:00.000Z',
          to: new Date(clock.nowMs()).toISOString(),
          selectors: ['*'],
          onlyFailed: false,
        },
        ...{
          ratePerSecond: 500,
          state: 'running',
          stateReason: null,
          requestedBy: 'key_1',
          startedAt: null,
          endedAt: null,
          progress: null,
        },
        ...changes,
      })
      return id
    },
    /** One more attempt of a delivery that has ended, or (`resume`) its schedule anew. */
    retry(row: AttemptRow, resume: boolean, event: EventFacts) {
      const { webhookId, deliveryId: id, number: attempts, replayId, createdAtMs } = row
      const facts = {
        attempts,
        attemptsBefore: attempts,
        once: !resume,
        dueAtMs: clock.nowMs(),
        createdAtMs,
        trigger: 'manual' as const,
      }
      const record = {
        event,
        payload: Buffer.from(`{"n":${event.sequence}}`),
        webhookId,
        deliveryId: id,
        replayId,
        ...facts,
      }
      this.command({ kind: 'retry', webhookId, deliveryId: id, attempts, record })
    },
    /** All dead letters of the webhook. */
    redrive(webhookId: string): string {
      const commandId = ids.next('cmd')
      const range = {
        environment: 'live' as const,
        fromSequence: 1,
        throughSequence: lastNumber,
        fromMs: null,
        toMs: null,
      }
      this.command({
        commandId,
        kind: 'retry',
        webhookId,
        deliveryId: '',
        range: { ...range, ratePerSecond: 500, askedAtMs: clock.nowMs() },
      })
      return commandId
    },
    /** Cancels the delivery of an event. */
    cancel(webhookId: string, event: EventFacts) {
      const id = deliveryId(event.eventId, webhookId)
      this.command({ kind: 'cancel', webhookId, deliveryId: id, event })
    },
    /** Advances time, in steps between which everything settles. */
    async advance(ms: number, stepMs = ms, rounds = 12): Promise<void> {
      for (let done = 0; done < ms; done += stepMs) {
        clock.advance(Math.min(stepMs, ms - done))
        await settle(rounds)
      }
    },
    /** The process dies; `afterCommit`: its last transaction has committed, but it gets no answer. */
    async crash(afterCommit = false): Promise<void> {
      const of = session
      if (of && !of.ended) {
        if (of.dirty && afterCommit) apply(seal(of))
        end(of)
      }
      session = undefined
      await tick()
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
    async restart(afterCommit = false): Promise<void> {
      await this.crash(afterCommit)
      open()
      await settle()
    },
    /** The stored ranges. */
    ranges(): Map<string, ParkedWebhook> {
      const found = stateOf(deliveryCatchUps.name).filter(
        ({ key, value }) => value !== null && key!.toString().startsWith('parked/'),
      )
      return new Map(
        found.map(({ key, value }) => [key!.toString().slice('parked/'.length), parkedWebhookCodec.decode(value!)]),
      )
    },
    state: (prefix: string) =>
      [...stateOf(deliveryState.name), ...stateOf(deliveryCatchUps.name)].filter(
        ({ key, value }) => value !== null && key!.toString().startsWith(prefix),
      ),
    topic: (name: string) => partitionsOf(name)[0]!.records,
    /** Records as they were written elsewhere, of which the log has numbers up to `throughNumber`. */
    load(records: LogRecord[], throughNumber: number) {
      for (const record of records) {
        const partitions = partitionsOf(record.topic)
        while (partitions.length <= record.partition) partitions.push(emptyPartition())
        partitions[record.partition]!.records.push(record)
      }
      lastNumber = throughNumber
    },
    append,
  }

  function drop(partition: Partition, atMs: number): void {
    // Retention deletes nothing of open transactions.
    const end = stableEndOf(partition)
    const first = partition.records.findIndex(({ timestampMs, offset }) => timestampMs >= atMs || offset >= end)
    const count = first < 0 ? partition.records.length : first
    if (count === 0) return
    partition.firstOffset = partition.records[0]!.offset + count
    partition.records = partition.records.slice(count)
  }
}

const unlistedHeaders = (event: EventFacts) => eventHeaders(event, []).filter(([name]) => name !== SUBSCRIBERS_HEADER)

function eventOf(sequence: number, organizationId: string, subject: string | null, nowMs: number): EventFacts {
  const place = {
    timestampMs: nowMs,
    partition: 0,
    offset: sequence,
    organizationId,
    environment: 'live',
    kind: 'emits',
  } as const
  return {
    ...{
      eventId: eventId(place),
      emitId: emitId(place),
      organizationId,
      environment: 'live',
      sequence,
      type: 'orders.placed',
    },
    ...{
      canonicalName: `TENANT_CUSTOM:${organizationId}:orders.placed@1.0.0`,
      kind: null,
      source: 'api',
      subject,
      actorId: 'key_1',
    },
    ...{
      timeMs: nowMs,
      recordedAtMs: nowMs,
      schemaVersion: '1.0.0',
      schemaHash: 'ab'.repeat(32),
      correlationId: null,
      causationId: null,
    },
    ...{ traceparent: null, rootEventId: eventId(place), depth: 0, path: [], federation: null },
  }
}
