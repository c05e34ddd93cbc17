/** The topics that the role `api` follows: verdicts, answers of runs, positions and counters of `admit`, owed events, and streams. */
import { admissionCounters } from '../../topics/admission-counters.ts'
import { deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { inspectorsRequests } from '../../topics/inspectors-requests.ts'
import { outcomes as outcomesTopic } from '../../topics/outcomes.ts'
import { processes } from '../../topics/processes.ts'
import { queuesState } from '../../topics/queues-state.ts'
import { responses as responsesTopic } from '../../topics/responses.ts'
import { streamsPresence } from '../../topics/streams-presence.ts'
import { createWaitingWebhooks, type WaitingWebhooks } from '../api/webhooks/waiting-webhooks.ts'
import { type AdmissionProgress, createAdmissionProgress } from '../ingress/admission-progress.ts'
import { createPausedOrganizations, type PausedOrganizations } from '../ingress/paused-organizations.ts'
import { createVerdictWaiter, type VerdictWaiter } from '../ingress/verdict-waiter.ts'
import type { Inspecting } from '../inspectors/inspecting.ts'
import type { LogRecord } from '../kafka/ports.ts'
import { retryTransient } from '../kafka/protocol/retry-transient.ts'
import { createLogReader } from '../kafka/read/log-reader.ts'
import { createIngressLag } from '../observability/ingress-lag.ts'
import type { KnownProcesses } from '../process-reports/known-processes.ts'
import type { QueueCalls } from '../queue-calls/queue-calls.ts'
import type { RunCalls } from '../run-calls/run-calls.ts'
import type { RunWatches } from '../run-calls/run-watches.ts'
import type { Push } from '../streaming/hub/push.ts'
import type { Parts } from './parts.ts'

const ENDS_WITHIN_MS = 3_000
const ENDS_PAUSE_MS = 100
/** Positions and counters are not urgent, and each transaction of `admit` writes some. */
const COUNTERS_WAIT_MS = 100

/** The topics that the api follows. */
export interface Followed {
  verdictWaiter: VerdictWaiter
  pauses: PausedOrganizations
  numbers: AdmissionProgress
  waiting: WaitingWebhooks
}

/** Fed with the topics `streams.presence` and `responses`. */
type FollowedBesides = Pick<Push, 'presence'> & {
  runCalls: RunCalls
  runWatches: Pick<RunWatches, 'onRecord'>
  queueCalls: QueueCalls
  inspecting: Pick<Inspecting, 'kept'>
  knownProcesses: Pick<KnownProcesses, 'onRecord'>
}

export const createFollowed = ({ clock, logger }: Parts, processId: string): Followed => ({
  verdictWaiter: createVerdictWaiter({ clock, processId }),
  pauses: createPausedOrganizations({ clock }),
  numbers: createAdmissionProgress(),
  waiting: createWaitingWebhooks({ logger }),
})

/** Verdicts from now on; positions, counters and owed events from the beginning of their changelogs. */
export async function followTopics(
  parts: Parts,
  {
    verdictWaiter,
    pauses,
    numbers,
    waiting,
    presence,
    runCalls,
    runWatches,
    queueCalls,
    inspecting,
    knownProcesses,
  }: Followed & FollowedBesides,
): Promise<{ close(): Promise<void> }> {
  const { kafka, clock, logger, onFatal, readers: watch, provisioning } = parts
  // First: a start that fails here leaves no reader behind.
  const ends = await endsOf(parts, [outcomesTopic.name, responsesTopic.name, queuesState.name])
  const verdicts = createLogReader({
    ...{ kafka, clock, logger, watch },
    events: {
      onRecords(topic, _partition, records) {
        for (const record of records) {
          if (topic === responsesTopic.name) {
            runCalls.onRecord(record)
            runWatches.onRecord(record)
          } else if (topic === queuesState.name) queueCalls.onRecord(record)
          else {
            verdictWaiter.onRecord(record)
            pauses.onRecord(record)
          }
        }
      },
      onFatal,
    },
  })
  const appliers: Record<string, (record: LogRecord) => void> = {
    [deliveryCatchUps.name]: waiting.apply,
    [streamsPresence.name]: presence.onRecord,
    [processes.name]: knownProcesses.onRecord,
    [inspectorsRequests.name]: inspecting.kept.onRecord,
  }
  const counters = createLogReader({
    ...{ kafka, clock, logger, watch },
    allowBatching: () => true,
    settings: { batchingWaitMs: COUNTERS_WAIT_MS, batchingBytesMin: 64 * 1024 },
    events: {
      onRecords(topic, _partition, records) {
        const apply = appliers[topic] ?? numbers.apply
        for (const record of records) apply(record)
      },
      onFatal,
    },
  })
  for (let shard = 0; shard < provisioning.shards; shard++) {
    // A shard whose partition has no leader gives no verdicts either: its end is looked up once there is a leader.
    verdicts.assign(outcomesTopic.name, shard, ends.get(`${outcomesTopic.name}/${shard}`) ?? 'latest')
    verdicts.assign(queuesState.name, shard, ends.get(`${queuesState.name}/${shard}`) ?? 'latest')
    verdicts.assign(responsesTopic.name, shard, ends.get(`${responsesTopic.name}/${shard}`) ?? 'latest')
    counters.assign(admissionCounters.name, shard, 'earliest')
    counters.assign(deliveryCatchUps.name, shard, 'earliest')
  }
  counters.assign(streamsPresence.name, 0, 'earliest')
  counters.assign(processes.name, 0, 'earliest')
  counters.assign(inspectorsRequests.name, 0, 'earliest')
  return {
    async close() {
      await verdicts.close()
      await counters.close()
    },
  }
}

export function showFollowed(
  { metrics, view, clock, wire }: Parts,
  {
    verdictWaiter,
    numbers,
    waiting,
    runCalls,
    queueCalls,
  }: Followed & Pick<FollowedBesides, 'runCalls' | 'queueCalls'>,
): void {
  metrics.ingressLag(
    createIngressLag({ view, clock, position: numbers.position, ends: partitions => wire.ends(partitions) }),
  )
  metrics.owed(waiting.totals, clock)
  metrics.gauge(
    'clarion_waiting_emits',
    'Requests that wait for the verdict on their emit.',
    () => verdictWaiter.waiting,
  )
  metrics.counter(
    'clarion_unanswered_emits_total',
    'Requests answered with a queued emit, because its verdict did not come within two seconds.',
    () => verdictWaiter.timedOut,
  )
  metrics.gauge('clarion_waiting_queue_calls', 'Calls of queues that wait for their answer.', () => queueCalls.waiting)
  metrics.gauge('clarion_waiting_run_calls', 'Calls of runs that wait for their answer.', () => runCalls.waiting)
}

/** End offsets of the shards that have a leader within three seconds. */
async function endsOf({ clock, wire, provisioning }: Parts, topics: string[]): Promise<Map<string, number>> {
  const partitions = topics.flatMap(topic =>
    Array.from({ length: provisioning.shards }, (_, partition) => ({ topic, partition })),
  )
  const deadlineMs = clock.monotonicMs() + ENDS_WITHIN_MS
  for (;;) {
    const ends = await retryTransient(clock, () => wire.ends(partitions))
    if (ends.size === partitions.length || clock.monotonicMs() > deadlineMs) return ends
    await clock.sleep(ENDS_PAUSE_MS)
  }
}
