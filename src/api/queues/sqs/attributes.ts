/** Attributes of a queue, as SQS has them. */
import type { ControlView } from '../../../model/control-view.ts'
import type { QueueRecord } from '../../../model/queues.ts'
import type { StatsAnswer } from '../../../queues/calls.ts'
import { SqsError } from './errors.ts'
import { arnOf } from './names.ts'

interface Facts {
  queue: QueueRecord
  /** Undefined where no counter is wanted. */
  stats: StatsAnswer | undefined
  view: Pick<ControlView, 'find'>
}

const COUNTERS: Record<string, (stats: StatsAnswer) => number> = {
  ApproximateNumberOfMessages: ({ ready, held }) => ready + held,
  ApproximateNumberOfMessagesNotVisible: ({ inFlight }) => inFlight,
  ApproximateNumberOfMessagesDelayed: ({ delayed }) => delayed,
}

const secondsOf = (iso: string): string => String(Math.floor(Date.parse(iso) / 1_000))

const SETTINGS: Record<string, (facts: Facts) => string | undefined> = {
  QueueArn: ({ queue }) => arnOf(queue),
  CreatedTimestamp: ({ queue }) => secondsOf(queue.createdAt),
  LastModifiedTimestamp: ({ queue }) => secondsOf(queue.updatedAt),
  VisibilityTimeout: ({ queue }) => String(queue.visibilityTimeoutSeconds),
  MessageRetentionPeriod: ({ queue }) => String(queue.retentionHours * 3_600),
  MaximumMessageSize: () => '1048576',
  DelaySeconds: () => '0',
  ReceiveMessageWaitTimeSeconds: () => '0',
  RedrivePolicy: ({ queue, view }) => {
    const { deadLetterQueueId, maxReceives, organizationId } = queue
    const target = deadLetterQueueId === null ? undefined : view.find('queue', organizationId, deadLetterQueueId)
    return target && JSON.stringify({ deadLetterTargetArn: arnOf(target), maxReceiveCount: maxReceives })
  },
  FifoQueue: ({ queue }) => (queue.ordered ? 'true' : undefined),
  ContentBasedDeduplication: ({ queue }) => (queue.ordered ? 'false' : undefined),
  DeduplicationScope: ({ queue }) => (queue.ordered ? 'queue' : undefined),
  FifoThroughputLimit: ({ queue }) => (queue.ordered ? 'perQueue' : undefined),
  // Attributes that a queue of Clarion does not have are absent, as in SQS.
  Policy: () => undefined,
  RedriveAllowPolicy: () => undefined,
  KmsMasterKeyId: () => undefined,
  KmsDataKeyReusePeriodSeconds: () => undefined,
  SqsManagedSseEnabled: () => undefined,
}

/** Which of all names the request asks for. Throws `InvalidAttributeName`. */
export function wantedAttributes(names: readonly string[]): Set<string> {
  if (names.includes('All')) return new Set([...Object.keys(SETTINGS), ...Object.keys(COUNTERS)])
  for (const name of names)
    if (!Object.hasOwn(SETTINGS, name) && !Object.hasOwn(COUNTERS, name))
      throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`)
  return new Set(names)
}

export const wantsCounters = (wanted: ReadonlySet<string>): boolean =>
  Object.keys(COUNTERS).some(name => wanted.has(name))

export function attributesOf(facts: Facts, wanted: ReadonlySet<string>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, of] of Object.entries(SETTINGS)) {
    const value = wanted.has(name) ? of(facts) : undefined
    if (value !== undefined) found[name] = value
  }
  const { stats } = facts
  if (stats !== undefined)
    for (const [name, of] of Object.entries(COUNTERS)) if (wanted.has(name)) found[name] = String(of(stats))
  return found
}
