/**
 * The public names of operations: the id in the document, the place in the kits, and whether a repeated call does
 * harm. A route without a line gets a name from its path, so that the document is complete; a line keeps its name
 * stable.
 */
import type { Route } from '../http/route.ts'
import { MORE_NAMES } from './more-names.ts'
import { nameOfPath } from './path-name.ts'

/**
 * `always`: a repeated call changes nothing more. `keyed`: it is repeated under one idempotency key. `ifNotDone`: each
 * call makes something new, so it is repeated only if it was certainly not done.
 */
export type Repeat = 'always' | 'keyed' | 'ifNotDone'

export interface OperationName {
  /** A verb and a noun: `createWebhook`. */
  id: string
  /** `events.webhooks.create`. */
  call: string
  repeat: Repeat
  /** Another path of a call that has a place in the kits already. */
  isAlias: boolean
}

/** `METHOD path id call`, then `once` where a repetition makes something twice, `keyed` where the body has the key, and `alias`. */
const NAMES = `
GET /health getHealth system.health
GET /ready getReadiness system.ready
GET /metrics getMetrics system.metrics
GET /openapi.json getOpenApi system.openapi
GET /openapi-3.0.json getOpenApi30 system.openapi30
GET /whoami getCaller whoami
POST /organizations createOrganization organizations.create once
GET /organizations listOrganizations organizations.list
GET /organizations/:id getOrganization organizations.get
PATCH /organizations/:id updateOrganization organizations.update
DELETE /organizations/:id deleteOrganization organizations.delete
POST /organizations/:id/suspend suspendOrganization organizations.suspend
POST /organizations/:id/activate activateOrganization organizations.activate
POST /organizations/:id/namespaces grantNamespace organizations.namespaces.grant
DELETE /organizations/:id/namespaces/:namespace revokeNamespace organizations.namespaces.revoke
POST /organizations/:id/keys createOrganizationKey organizations.keys.create once
GET /organizations/:id/partitions getPartitions organizations.partitions.get
POST /organizations/:id/partitions setPartitions organizations.partitions.set
GET /organizations/:id/events/:eventId/lineage getLineage organizations.lineage
GET /keys listKeys keys.list
POST /keys createKey keys.create once
DELETE /keys/:id deleteKey keys.delete
POST /keys/:id/end-sessions endSessionsOfKey keys.endSessions
POST /keys/:id/aws-credentials awsCredentialsOfKey keys.awsCredentials
POST /sessions createSession sessions.create once
GET /sessions/current getSession sessions.current
DELETE /sessions/current endSession sessions.end
POST /sessions/login-tokens createLoginToken sessions.createLoginToken once
POST /sessions/act-as actAsOrganization sessions.actAs once
DELETE /sessions/act-as leaveOrganization sessions.leave
POST /organizations/:id/console-links createConsoleLink organizations.createConsoleLink once
POST /kafka-credentials createKafkaCredential kafkaCredentials.create once
GET /kafka-credentials listKafkaCredentials kafkaCredentials.list
GET /kafka-credentials/:id getKafkaCredential kafkaCredentials.get
DELETE /kafka-credentials/:id deleteKafkaCredential kafkaCredentials.delete
GET /events/custom/quarantine listQuarantine events.custom.quarantine.list
GET /events/custom/quarantine/:id getQuarantined events.custom.quarantine.get
POST /events/custom/quarantine/:id/redrive redriveQuarantined events.custom.quarantine.redrive
POST /events/custom registerEvent events.custom.register
GET /events/custom listRegistrations events.custom.list
GET /events/custom/:id getRegistration events.custom.get
GET /events/custom/:id/types getRegistrationTypes events.custom.types
PATCH /events/custom/:id updateRegistration events.custom.update
POST /events/custom/:id/publish publishRegistration events.custom.publish
POST /events/custom/:id/archive archiveRegistration events.custom.archive
DELETE /events/custom/:id deleteRegistration events.custom.delete
POST /events/custom/dry-run dryRunRegistration events.custom.dryRun
GET /events/custom/compatibility getCompatibilityRules events.custom.compatibility.get
PUT /events/custom/compatibility setCompatibilityRules events.custom.compatibility.set
GET /events/custom/compatibility/:fullName getCompatibilityOfEvent events.custom.compatibility.of
PUT /events/custom/compatibility/:fullName setCompatibilityOfEvent events.custom.compatibility.setFor
DELETE /events/custom/compatibility/:fullName unsetCompatibilityOfEvent events.custom.compatibility.unsetFor
GET /events/custom/health getCustomEventsHealth events.custom.health
POST /events/custom/subscribe subscribe events.custom.subscribe once
POST /events/custom/emit emitEvent events.custom.emit keyed
POST /events/custom/emit/batch emitEvents events.custom.emitBatch keyed
GET /events/custom/emits listEmits events.custom.emits.list
GET /events/custom/emits/:id getEmit events.custom.emits.get
POST /events/custom/emits/:id/redrive redriveEmit events.custom.emits.redrive
POST /events/custom/federation/groups createFederationGroup events.custom.federation.groups.create once
GET /events/custom/federation/groups listFederationGroups events.custom.federation.groups.list
GET /events/custom/federation/groups/:id getFederationGroup events.custom.federation.groups.get
PATCH /events/custom/federation/groups/:id updateFederationGroup events.custom.federation.groups.update
DELETE /events/custom/federation/groups/:id archiveFederationGroup events.custom.federation.groups.archive
POST /events/custom/federation/groups/:id/invite inviteFederationMember events.custom.federation.groups.invite
POST /events/custom/federation/groups/:id/accept acceptFederationInvitation events.custom.federation.groups.accept
POST /events/custom/federation/groups/:id/decline declineFederationInvitation events.custom.federation.groups.decline
POST /events/custom/federation/groups/:id/leave leaveFederationGroup events.custom.federation.groups.leave
GET /events/custom/federation/invitations listFederationInvitations events.custom.federation.invitations
GET /events/custom/federation/groups/:id/members listFederationMembers events.custom.federation.members.list
PATCH /events/custom/federation/groups/:id/members/:mid updateFederationMember events.custom.federation.members.update
POST /events/custom/federation/groups/:id/members/:mid/pause pauseFederationMember events.custom.federation.members.pause
POST /events/custom/federation/groups/:id/members/:mid/resume resumeFederationMember events.custom.federation.members.resume
DELETE /events/custom/federation/groups/:id/members/:mid removeFederationMember events.custom.federation.members.remove
POST /events/custom/federation/groups/:id/pushes declareFederationPush events.custom.federation.pushes.declare
GET /events/custom/federation/groups/:id/pushes listFederationPushes events.custom.federation.pushes.list
DELETE /events/custom/federation/pushes/:id removeFederationPush events.custom.federation.pushes.remove
POST /events/custom/federation/groups/:id/external-peers addExternalPeer events.custom.federation.externalPeers.add once
POST /events/custom/federation/external-peers/:id/rotate-secret rotateExternalPeerSecret events.custom.federation.externalPeers.rotateSecret once
POST /events/custom/federation/external-peers/:id/test testExternalPeer events.custom.federation.externalPeers.test
DELETE /events/custom/federation/external-peers/:id removeExternalPeer events.custom.federation.externalPeers.remove
GET /events/custom/federation/groups/:id/relays listFederationRelays events.custom.federation.relays.list
POST /events/custom/federation/relays/:id/retry retryFederationRelay events.custom.federation.relays.retry
POST /platform/events publishPlatformEvent platformEvents.publish
GET /events pullEvents events.pull
GET /events/stream streamEvents events.stream
GET /events/ws openEventSocket events.socket
POST /events/stream-tokens createStreamToken events.createStreamToken
GET /events/streams listStreams events.streams.list
DELETE /events/streams/:id endStream events.streams.end
GET /events/lifecycle getLifecycleNames events.lifecycle.get
PUT /events/lifecycle setLifecycleNames events.lifecycle.set
GET /events/:id getEvent events.get
POST /webhooks createWebhook events.webhooks.create once
GET /webhooks listWebhooks events.webhooks.list
GET /webhooks/:id getWebhook events.webhooks.get
PATCH /webhooks/:id updateWebhook events.webhooks.update
DELETE /webhooks/:id deleteWebhook events.webhooks.delete
POST /webhooks/:id/activate activateWebhook events.webhooks.activate
POST /webhooks/:id/test testWebhook events.webhooks.test
POST /webhooks/:id/rotate rotateWebhookSecret events.webhooks.rotate once
POST /webhooks/:id/rotate-secret rotateWebhookSecretAlias events.webhooks.rotateSecret once alias
GET /webhooks/:id/deliveries listDeliveries events.webhooks.deliveries
GET /webhooks/deliveries/:id getDelivery events.webhooks.delivery
GET /webhooks/deliveries/:id/attempts listAttempts events.webhooks.attempts
POST /webhooks/deliveries/:id/retry retryDelivery events.webhooks.retry
POST /webhooks/deliveries/:id/cancel cancelDelivery events.webhooks.cancel
GET /webhooks/dead-letters listDeadLetters events.webhooks.deadLetters
POST /webhooks/dead-letters/redrive redriveDeadLetters events.webhooks.redriveDeadLetters
POST /webhooks/:id/replay replayWebhook events.webhooks.replay once
POST /webhooks/:id/recover recoverWebhook events.webhooks.recover once
POST /event-subscriptions/:id/replay replaySubscription events.subscriptions.replay once
POST /replays createReplay replays.create once
GET /replays listReplays replays.list
GET /replays/:id getReplay replays.get
GET /replays/:id/items listReplayItems replays.items
POST /replays/:id/cancel cancelReplay replays.cancel
POST /replays/:id/pause pauseReplay replays.pause
POST /replays/:id/resume resumeReplay replays.resume
POST /notifications sendNotification notifications.send
GET /notifications listNotifications notifications.list
GET /notifications/:id getNotification notifications.get
POST /notifications/:id/read markNotificationRead notifications.markRead
POST /notifications/read-all markAllNotificationsRead notifications.markAllRead
GET /notifications/preferences getNotificationPreferences notifications.preferences
PUT /notifications/preferences setNotificationPreferences notifications.setPreferences
POST /notifications/channels createNotificationChannel notifications.channels.create once
GET /notifications/channels listNotificationChannels notifications.channels.list
GET /notifications/channels/:id getNotificationChannel notifications.channels.get
PATCH /notifications/channels/:id updateNotificationChannel notifications.channels.update
DELETE /notifications/channels/:id deleteNotificationChannel notifications.channels.delete
POST /notifications/channels/:id/test testNotificationChannel notifications.channels.test once
POST /notifications/channels/:id/rotate rotateNotificationChannelSecret notifications.channels.rotate once
POST /workflows createWorkflow workflows.create once
GET /workflows listWorkflows workflows.list
GET /workflows/:id getWorkflow workflows.get
PATCH /workflows/:id updateWorkflow workflows.update
DELETE /workflows/:id deleteWorkflow workflows.delete
PUT /workflows/:id/draft saveWorkflowDraft workflows.saveDraft
POST /workflows/:id/deploy deployWorkflow workflows.deploy once
POST /workflows/:id/rollback rollbackWorkflow workflows.rollback once
POST /workflows/:id/undeploy undeployWorkflow workflows.undeploy once
POST /workflows/:id/activate activateWorkflow workflows.activate
POST /workflows/:id/deactivate deactivateWorkflow workflows.deactivate
GET /workflows/:id/versions listWorkflowVersions workflows.versions
GET /workflows/:id/versions/:version getWorkflowVersion workflows.version
POST /workflows/evaluate evaluateWorkflows workflows.evaluate
POST /workflows/:id/dry-run dryRunWorkflow workflows.dryRun
POST /workflows/:id/run runWorkflow workflows.run once
GET /workflows/runs listRuns workflows.runs
GET /workflows/:id/runs listWorkflowRuns workflows.runsOf
GET /workflows/runs/:runId getRun workflows.getRun
GET /workflows/runs/:runId/stream watchRun workflows.watchRun
POST /workflows/:id/debug debugWorkflow workflows.debug once
GET /workflows/:id/debug-params getDebugParams workflows.debugParams
POST /routes/:id/debug debugRoute routes.debug once
POST /workflows/runs/:runId/cancel cancelRun workflows.cancelRun
POST /workflows/runs/:runId/retry retryRun workflows.retryRun once
GET /variables listVariables variables.list
GET /variables/:name getVariable variables.get
PUT /variables/:name setVariable variables.set
DELETE /variables/:name deleteVariable variables.delete
GET /secrets listSecrets secrets.list
GET /secrets/:name getSecret secrets.get
PUT /secrets/:name setSecret secrets.set
DELETE /secrets/:name deleteSecret secrets.delete
GET /connections listConnections connections.list
GET /connections/:name getConnection connections.get
PUT /connections/:name setConnection connections.set
DELETE /connections/:name deleteConnection connections.delete
POST /connections/:name/test testConnection connections.test
POST /tables createTable tables.create once
GET /tables listTables tables.list
GET /tables/:name getTable tables.get
DELETE /tables/:name deleteTable tables.delete
POST /tables/:name/columns addColumn tables.addColumn once
GET /tables/:name/rows listRows tables.rows
POST /tables/:name/rows insertRows tables.insert once
PATCH /tables/:name/rows updateRows tables.update once
DELETE /tables/:name/rows deleteRows tables.deleteRows
POST /tables/query queryTables tables.query
GET /usage/summary getUsage usage
GET /usage/timeseries getUsageTimeseries usageTimeseries
GET /ledger getLedger ledger.get
POST /ledger/check checkLedger ledger.check
GET /audit listAudit audit.list
GET /schema-registry getSchemaRegistry schemaRegistry.root
GET /schema-registry/subjects listSubjects schemaRegistry.subjects
POST /schema-registry/subjects/:subject lookUpSchema schemaRegistry.lookUp
GET /schema-registry/subjects/:subject/versions listSubjectVersions schemaRegistry.versions
POST /schema-registry/subjects/:subject/versions findSchemaId schemaRegistry.findId
GET /schema-registry/subjects/:subject/versions/:version getSubjectVersion schemaRegistry.version
GET /schema-registry/subjects/:subject/versions/:version/schema getSubjectSchema schemaRegistry.versionSchema
GET /schema-registry/subjects/:subject/versions/:version/referencedby listReferences schemaRegistry.referencedBy
GET /schema-registry/schemas listSchemas schemaRegistry.schemas
GET /schema-registry/schemas/guids/:guid getSchemaByGuid schemaRegistry.schemaByGuid
GET /schema-registry/schemas/types listSchemaTypes schemaRegistry.schemaTypes
GET /schema-registry/schemas/ids/:schemaId getSchemaById schemaRegistry.schemaById
GET /schema-registry/schemas/ids/:schemaId/schema getBareSchemaById schemaRegistry.bareSchemaById
GET /schema-registry/schemas/ids/:schemaId/subjects listSubjectsOfSchema schemaRegistry.subjectsOfSchema
GET /schema-registry/schemas/ids/:schemaId/versions listVersionsOfSchema schemaRegistry.versionsOfSchema
GET /schema-registry/config getCompatibility schemaRegistry.config
GET /schema-registry/config/:subject getSubjectCompatibility schemaRegistry.subjectConfig
GET /schema-registry/mode getRegistryMode schemaRegistry.mode
GET /schema-registry/mode/:subject getSubjectMode schemaRegistry.subjectMode
POST /schema-registry/compatibility/subjects/:subject/versions checkNewest schemaRegistry.checkNewest
POST /schema-registry/compatibility/subjects/:subject/versions/:version checkVersion schemaRegistry.checkVersion
`

const TABLE = new Map(
  `${NAMES}${MORE_NAMES}`
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [method, path, id, call, word, alias] = line.split(' ') as [
        string,
        string,
        string,
        string,
        string?,
        string?,
      ]
      return [`${method} ${path}`, { id, call, word, alias }]
    }),
)

/** Routes that have a line of their own; a test compares them with the table of routes. */
export const NAMED_ROUTES: ReadonlySet<string> = new Set(TABLE.keys())

export const shortPath = (path: string): string => path.replace(/^\/api\/v1(?=\/)/, '')

export function operationName(route: Pick<Route, 'method' | 'path' | 'status' | 'takesIdempotencyKey'>): OperationName {
  const known = TABLE.get(`${route.method} ${shortPath(route.path)}`)
  const { id, call } = known ?? nameOfPath(route.method, shortPath(route.path))
  return { id, call, repeat: repeatOf(route, known?.word), isAlias: known?.alias !== undefined }
}

function repeatOf(
  { takesIdempotencyKey, status, method }: Pick<Route, 'method' | 'status' | 'takesIdempotencyKey'>,
  word?: string,
): Repeat {
  if (takesIdempotencyKey === true || word === 'keyed') return 'keyed'
  if (word === 'once') return 'ifNotDone'
  return method === 'POST' && status === 201 && word === undefined ? 'ifNotDone' : 'always'
}
