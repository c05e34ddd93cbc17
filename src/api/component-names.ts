/** The names that the document gives to the schemas of the folders: that of the export, in capitals. */
import * as audit from './audit/schemas.ts'
import * as connections from './connections/schemas.ts'
import * as deliveries from './deliveries/schemas.ts'
import type { SchemaNames } from './document/components.ts'
import { pascal } from './document/path-name.ts'
import * as designs from './domain/schemas-designs.ts'
import * as infrastructure from './domain/schemas-infrastructure.ts'
import * as orders from './domain/schemas-orders.ts'
import * as drift from './drift/schemas.ts'
import * as emits from './emits/schemas.ts'
import * as federation from './federation/schemas.ts'
import type { Schema } from './http/route.ts'
import { deleted } from './http/route-table.ts'
import { object, string } from './http/schema-parts.ts'
import * as inspectors from './inspectors/schemas.ts'
import * as kafka from './kafka/schemas.ts'
import * as ledger from './ledger/schemas.ts'
import * as mailTemplates from './mail-templates/schemas.ts'
import * as marketplace from './marketplace/schemas.ts'
import * as notifications from './notifications/schemas.ts'
import * as organizations from './organizations/schemas.ts'
import * as platform from './platform/schemas.ts'
import * as platformEvents from './platform-events/schemas.ts'
import * as pulls from './pulls/schemas.ts'
import * as quarantine from './quarantine/schemas.ts'
import * as queues from './queues/schemas.ts'
import * as registrations from './registrations/schemas.ts'
import * as replays from './replays/schemas.ts'
import * as runs from './runs/schemas.ts'
import * as sessions from './sessions/schemas.ts'
import { emitResult, emitResultInBatch } from './shared/emit-result.ts'
import * as sinks from './sinks/schemas.ts'
import * as streams from './streams/schemas.ts'
import * as tables from './tables/schemas.ts'
import * as usage from './usage/schemas.ts'
import * as variables from './variables/schemas.ts'
import * as webhooks from './webhooks/schemas.ts'
import * as workflows from './workflows/schemas.ts'

/** Where the export's name alone does not say whose it is. */
const SAID_OTHERWISE: Record<string, string> = {
  'audit.change': 'AuditEntry',
  'connections.connectionInput': 'SetConnectionInput',
  'connections.tested': 'ConnectionTest',
  'mailTemplates.mailTemplateInput': 'SetMailTemplateInput',
  'deliveries.redrive': 'RedriveDeadLettersInput',
  'deliveries.redriven': 'RedrivenDeadLetters',
  'deliveries.retry': 'RetryDeliveryInput',
  'deliveries.deliveryInFull': 'DeliveryInFull',
  'drift.declared': 'DeclaredState',
  'drift.finding': 'DriftFinding',
  'drift.manifest': 'CheckDriftInput',
  'drift.settlement': 'SettleDriftFindingInput',
  'drift.summary': 'DriftSummary',
  'emits.history': 'EventHistory',
  'emits.newEmit': 'EmitCustomEventInput',
  'emits.newEmits': 'EmitCustomEventsInput',
  'emits.emitResults': 'EmitResults',
  'emits.redrive': 'RedriveQuarantinedInput',
  'federation.acceptance': 'AcceptInvitationInput',
  'federation.group': 'FederationGroup',
  'federation.groupPatch': 'FederationGroupPatch',
  'federation.groupWithMembers': 'FederationGroupWithMembers',
  'federation.invitation': 'FederationInvitation',
  'federation.madePeer': 'MadeExternalPeer',
  'federation.member': 'FederationMember',
  'federation.membershipPatch': 'FederationMemberPatch',
  'federation.newGroup': 'NewFederationGroup',
  'federation.newInvitation': 'NewFederationInvitation',
  'federation.newPush': 'NewFederationPush',
  'federation.push': 'FederationPush',
  'federation.relay': 'FederationRelay',
  'infrastructure.health': 'InstanceHealth',
  'infrastructure.newHealth': 'NewInstanceHealth',
  'inspectors.inspector': 'Inspector',
  'inspectors.inspectorPatch': 'InspectorPatch',
  'inspectors.inspectorRequest': 'InspectorRequest',
  'inspectors.newInspector': 'NewInspector',
  'kafka.newPartitions': 'NewPartitions',
  'ledger.report': 'LedgerReport',
  'marketplace.madeFork': 'MadeFork',
  'marketplace.takedown': 'TakeDownListingInput',
  'notifications.channel': 'NotificationChannel',
  'notifications.channelPatch': 'NotificationChannelPatch',
  'notifications.channelRotation': 'RotateChannelInput',
  'notifications.madeChannel': 'MadeNotificationChannel',
  'notifications.newChannel': 'NewNotificationChannel',
  'notifications.newPreferences': 'NewNotificationPreferences',
  'notifications.preferences': 'NotificationPreferences',
  'organizations.whoami': 'Caller',
  'platform.status': 'PlatformStatus',
  'registrations.dryRun': 'RegistrationDryRun',
  'registrations.newRegistration': 'RegisterCustomEventInput',
  'registrations.newDryRun': 'DryRunCustomEventInput',
  'registrations.types': 'GeneratedTypes',
  'pulls.logEvent': 'LogEvent',
  'queues.ackOrder': 'AckMessagesInput',
  'queues.deadLetter': 'QueueDeadLetter',
  'queues.deleteQuery': 'DeleteQueueQuery',
  'queues.extendOrder': 'ExtendLeasesInput',
  'queues.message': 'QueueMessage',
  'queues.nackOrder': 'NackMessagesInput',
  'queues.peekQuery': 'PeekQueueQuery',
  'queues.purged': 'PurgedMessages',
  'queues.purgeOrder': 'PurgeQueueInput',
  'queues.received': 'ReceivedMessages',
  'queues.receiveOrder': 'ReceiveMessagesInput',
  'queues.redriven': 'RedrivenMessages',
  'queues.redriveOrder': 'RedriveQueueInput',
  'queues.settled': 'SettledMessages',
  'queues.stats': 'QueueStats',
  'replays.replayed': 'ReplayedCounts',
  'runs.accepted': 'AcceptedRun',
  'runs.acceptedOrEnded': 'StartedRun',
  'runs.manualRun': 'RunWorkflowInput',
  'runs.retryInput': 'RetryRunInput',
  'sessions.login': 'LoginToken',
  'sessions.newLogin': 'NewLoginToken',
  'sinks.sinkActivation': 'ActivateSinkInput',
  'tables.query': 'TableQuery',
  'tables.queried': 'TableQueryResult',
  'usage.health': 'CustomEventsHealth',
  'variables.valueInput': 'SetValueInput',
  'webhooks.activation': 'ActivateWebhookInput',
  'webhooks.ping': 'WebhookTestResult',
  'webhooks.rotation': 'RotateSecretInput',
  'webhooks.newSubscription': 'NewSubscription',
  'webhooks.shadow': 'WebhookShadow',
  'webhooks.newShadow': 'SetWebhookShadowInput',
  'webhooks.shadowWithReport': 'WebhookShadowWithReport',
  'workflows.change': 'WorkflowChange',
  'workflows.deployInput': 'DeployWorkflowInput',
  'workflows.deployment': 'WorkflowDeployment',
  'workflows.draft': 'WorkflowDraft',
  'workflows.draftInput': 'SaveWorkflowDraftInput',
  'workflows.dryRun': 'WorkflowDryRun',
  'workflows.dryRunInput': 'DryRunWorkflowInput',
  'workflows.evaluated': 'EvaluatedWorkflows',
  'workflows.evaluation': 'EvaluateWorkflowsInput',
  'workflows.rollbackInput': 'RollbackWorkflowInput',
  'workflows.version': 'WorkflowVersion',
  'workflows.versionSummary': 'WorkflowVersionSummary',
}

const FOLDERS = {
  ...{ designs, infrastructure, orders },
  ...{
    audit,
    connections,
    mailTemplates,
    deliveries,
    drift,
    emits,
    federation,
    inspectors,
    kafka,
    ledger,
    marketplace,
    notifications,
    organizations,
    platform,
    platformEvents,
    pulls,
  },
  ...{
    quarantine,
    queues,
    registrations,
    replays,
    runs,
    sessions,
    sinks,
    streams,
    tables,
    usage,
    variables,
    webhooks,
    workflows,
  },
}

/** A schema that any object satisfies is shared by all folders: it has no name. */
const isNameable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ((value as Schema).properties !== undefined || 'anyOf' in value)

/** Written in many folders; the text of the schema is what counts. */
const finding = object({ path: string, rule: string, message: string })

export const SCHEMA_NAMES: SchemaNames = new Map<Schema, string>([
  [deleted, 'Deleted'],
  [finding, 'Finding'],
  [emitResult, 'EmitResult'],
  [emitResultInBatch, 'EmitResultInBatch'],
  ...Object.entries(FOLDERS).flatMap(([folder, exports]) =>
    Object.entries(exports as Record<string, unknown>)
      .filter(([, schema]) => isNameable(schema))
      .map(([name, schema]) => [schema as Schema, SAID_OTHERWISE[`${folder}.${name}`] ?? pascal(name)] as const),
  ),
])
