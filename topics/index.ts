/** Every topic that all organizations share, and the two that each has for itself. */
import { admissionCounters } from './admission-counters.ts'
import { admissionDeferred } from './admission-deferred.ts'
import { admissionKeys } from './admission-keys.ts'
import { admissionRelays } from './admission-relays.ts'
import { auditAttempts } from './audit-attempts.ts'
import { auditChanges } from './audit-changes.ts'
import { auditEmits } from './audit-emits.ts'
import { auditMeters } from './audit-meters.ts'
import { auditNotifications } from './audit-notifications.ts'
import { auditRelays } from './audit-relays.ts'
import { auditReplays } from './audit-replays.ts'
import { auditRuns } from './audit-runs.ts'
import { control } from './control.ts'
import { deliveries } from './deliveries.ts'
import { deliveriesCommands } from './deliveries-commands.ts'
import { deliveriesDeadLetter } from './deliveries-dead-letter.ts'
import { RETRY_TIERS } from './deliveries-retry.ts'
import { deliveryCatchUps } from './delivery-catch-ups.ts'
import { deliveryState } from './delivery-state.ts'
import { domainCommands } from './domain-commands.ts'
import { domainState } from './domain-state.ts'
import { emits } from './emits.ts'
import { events } from './events.ts'
import { inspectorsRequests } from './inspectors-requests.ts'
import { notificationState } from './notification-state.ts'
import { notifications } from './notifications.ts'
import { outcomes } from './outcomes.ts'
import { platformEmits } from './platform-emits.ts'
import { processes } from './processes.ts'
import { quarantine } from './quarantine.ts'
import { queuesCommands } from './queues-commands.ts'
import { queuesState } from './queues-state.ts'
import { recordState } from './record-state.ts'
import { responses } from './responses.ts'
import { runJournal } from './run-journal.ts'
import { runState } from './run-state.ts'
import { runs } from './runs.ts'
import { runsCommands } from './runs-commands.ts'
import { shards } from './shards.ts'
import { streamsPresence } from './streams-presence.ts'
import type { OrganizationTopic, Topic } from './topic.ts'

export const SHARED_TOPICS: readonly Topic[] = [
  shards,
  control,
  admissionCounters,
  admissionKeys,
  admissionRelays,
  admissionDeferred,
  platformEmits,
  outcomes,
  quarantine,
  deliveries,
  ...RETRY_TIERS.map(tier => tier.topic),
  deliveriesCommands,
  deliveriesDeadLetter,
  deliveryState,
  deliveryCatchUps,
  notifications,
  notificationState,
  runs,
  runsCommands,
  responses,
  runJournal,
  runState,
  domainCommands,
  domainState,
  queuesCommands,
  queuesState,
  auditEmits,
  auditAttempts,
  auditChanges,
  auditRelays,
  auditMeters,
  auditNotifications,
  auditReplays,
  auditRuns,
  recordState,
  streamsPresence,
  inspectorsRequests,
  processes,
]

export const ORGANIZATION_TOPICS: readonly OrganizationTopic[] = [emits, events]
