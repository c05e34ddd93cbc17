/**
 * Every consumer group in flow order, with its inputs and outputs. The diagram in the README is drawn from here, and a
 * test compares it with the topics' own lists of producers and consumers.
 */
import { admissionCounters } from '../topics/admission-counters.ts'
import { admissionDeferred } from '../topics/admission-deferred.ts'
import { admissionKeys } from '../topics/admission-keys.ts'
import { admissionRelays } from '../topics/admission-relays.ts'
import { auditAttempts } from '../topics/audit-attempts.ts'
import { auditChanges } from '../topics/audit-changes.ts'
import { auditEmits } from '../topics/audit-emits.ts'
import { auditMeters } from '../topics/audit-meters.ts'
import { auditNotifications } from '../topics/audit-notifications.ts'
import { auditRelays } from '../topics/audit-relays.ts'
import { auditReplays } from '../topics/audit-replays.ts'
import { auditRuns } from '../topics/audit-runs.ts'
import { control } from '../topics/control.ts'
import { deliveries } from '../topics/deliveries.ts'
import { deliveriesCommands } from '../topics/deliveries-commands.ts'
import { deliveriesDeadLetter } from '../topics/deliveries-dead-letter.ts'
import { RETRY_TIERS } from '../topics/deliveries-retry.ts'
import { deliveryCatchUps } from '../topics/delivery-catch-ups.ts'
import { deliveryState } from '../topics/delivery-state.ts'
import { domainCommands } from '../topics/domain-commands.ts'
import { domainState } from '../topics/domain-state.ts'
import { emits } from '../topics/emits.ts'
import { events } from '../topics/events.ts'
import { inspectorsRequests } from '../topics/inspectors-requests.ts'
import { notificationState } from '../topics/notification-state.ts'
import { notifications } from '../topics/notifications.ts'
import { outcomes } from '../topics/outcomes.ts'
import { platformEmits } from '../topics/platform-emits.ts'
import { processes } from '../topics/processes.ts'
import { quarantine } from '../topics/quarantine.ts'
import { queuesCommands } from '../topics/queues-commands.ts'
import { queuesState } from '../topics/queues-state.ts'
import { recordState } from '../topics/record-state.ts'
import { responses } from '../topics/responses.ts'
import { runJournal } from '../topics/run-journal.ts'
import { runState } from '../topics/run-state.ts'
import { runs } from '../topics/runs.ts'
import { runsCommands } from '../topics/runs-commands.ts'
import { streamsPresence } from '../topics/streams-presence.ts'
import type { OrganizationTopic, Role, Topic } from '../topics/topic.ts'

export interface ProcessorNode {
  role: Role
  /** A sentence without its subject, for the README. */
  does: string
  reads: ReadonlyArray<Topic | OrganizationTopic>
  writes: ReadonlyArray<Topic | OrganizationTopic>
  /** Changelogs that it restores when it gains a shard. */
  state: readonly Topic[]
}

const retries = RETRY_TIERS.map(tier => tier.topic)

export const TOPOLOGY: readonly ProcessorNode[] = [
  {
    role: 'api',
    does: 'takes emits and answers with their verdict; reads and writes the control plane; streams events',
    reads: [
      outcomes,
      responses,
      queuesState,
      admissionCounters,
      deliveryCatchUps,
      streamsPresence,
      inspectorsRequests,
      processes,
      control,
      events,
    ],
    writes: [
      emits,
      platformEmits,
      deliveriesCommands,
      runsCommands,
      domainCommands,
      queuesCommands,
      notifications,
      control,
      auditChanges,
      auditAttempts,
      auditNotifications,
      auditMeters,
      streamsPresence,
      inspectorsRequests,
      processes,
    ],
    state: [],
  },
  {
    role: 'admit',
    does: 'judges every emit, exactly once',
    reads: [emits, platformEmits, control],
    writes: [
      processes,
      events,
      deliveries,
      runs,
      platformEmits,
      notifications,
      outcomes,
      quarantine,
      auditEmits,
      auditChanges,
      auditRelays,
    ],
    state: [admissionCounters, admissionKeys, admissionRelays, admissionDeferred],
  },
  {
    role: 'deliver',
    does: 'sends signed webhooks and notifications; retries through retry topics',
    reads: [deliveries, deliveriesCommands, ...retries, events, notifications, control],
    writes: [
      processes,
      ...retries,
      deliveriesDeadLetter,
      runs,
      platformEmits,
      notifications,
      auditAttempts,
      auditEmits,
      auditChanges,
      auditNotifications,
      auditReplays,
      control,
    ],
    state: [deliveryState, deliveryCatchUps, notificationState],
  },
  {
    role: 'run',
    does: 'runs workflows: starts, steps, delays, retries and ends; has the records of the reference domain',
    reads: [runs, runsCommands, domainCommands, control],
    writes: [platformEmits, deliveriesCommands, notifications, responses, auditRuns, processes],
    state: [runState, runJournal, domainState],
  },
  {
    role: 'queue',
    does: 'hands out events of queues under leases, and settles them',
    reads: [queuesCommands, events, control],
    writes: [queuesState, auditMeters, auditReplays, platformEmits, control, processes],
    state: [queuesState],
  },
  {
    role: 'record',
    does: 'writes history into ClickHouse, each row once; checks every hour that the books agree',
    reads: [
      auditEmits,
      auditAttempts,
      auditChanges,
      auditRelays,
      auditNotifications,
      auditMeters,
      auditReplays,
      auditRuns,
      quarantine,
      admissionCounters,
      events,
    ],
    writes: [auditChanges, platformEmits, notifications, processes],
    state: [recordState],
  },
]

export const nameOf = (topic: Topic | OrganizationTopic): string => ('name' in topic ? topic.name : topic.pattern)

/**
 * The flow as a Mermaid flowchart. Retry tiers are drawn as one. State topics, the control plane, which nearly every
 * role reads, and the reports of processes, which every role writes, are left out.
 */
export function drawTopology(): string {
  const lines = [
    'flowchart LR',
    '  http([HTTP clients]) --> api',
    '  producers([Kafka producers]) --> emits',
    '  deliver --> webhooks([webhooks])',
    '  record --> clickhouse[(ClickHouse)]',
  ]
  const edges = new Set<string>()
  for (const { role, reads, writes } of TOPOLOGY) {
    for (const topic of reads)
      if (topic !== control && topic !== admissionCounters) edges.add(`  ${box(topic)} --> ${role}`)
    for (const topic of writes) if (topic !== control && topic !== processes) edges.add(`  ${role} --> ${box(topic)}`)
  }
  return [...lines, ...edges, ...TOPOLOGY.map(({ role }) => `  ${role}[[${role}]]`)].join('\n')
}

/** Such as `events_["events.&lt;org&gt;"]`: an id of letters and underscores, and the name. */
function box(topic: Topic | OrganizationTopic): string {
  const name = nameOf(topic).startsWith('deliveries.retry-') ? 'deliveries.retry-<delay>' : nameOf(topic)
  return `${name.replace(/[^a-z]+/g, '_').replace(/_org_$/, '')}["${name.replace(/</g, '&lt;').replace(/>/g, '&gt;')}"]`
}
