/**
 * The lifecycle events, each with its trigger and its data beyond the common fields
 * (docs/specification/platform-events.md#lifecycle-events). The reference page is generated from this table, and a test
 * compares the code with it; nothing is validated by it.
 */

type Entry = readonly [when: string, data: string]

/** Names that share a prefix. */
const each = (prefix: string, ends: Record<string, Entry>): Array<[string, Entry]> =>
  Object.entries(ends).map(([end, entry]) => [`${prefix}_${end}`, entry])

export const LIFECYCLE_EVENTS: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...each('CUSTOM_EVENT', {
    REQUESTED: ['A registration was requested.', 'namespace, name, version, requestedStatus'],
    VALIDATED: ['It passed all checks.', 'schemaHash, schemaFlavour, semverBump, depth, propertyCount'],
    PERSISTED: ['It is stored.', 'registrationId, status'],
    MATERIALISED: ['It is in use: payloads are validated by it.', 'registrationId, materialisedAt'],
    REGISTERED: ['The chain is complete.', 'registrationId, status'],
    VALIDATION_FAILED: ['A registration, or a dry run of one, was refused.', 'code, details, dryRun'],
    PUBLISHED: ['A draft was published.', ''],
    ARCHIVED: ['A version was archived.', ''],
    INVALIDATED: ['Cached copies of a definition are stale.', 'registrationId, cause'],
    GENERIC_SEEDED: ['An organization got its generic event.', 'registrationId'],
    QUOTA_EXCEEDED: ['A limit was reached; at most once an hour for each.', 'quota, used, limit'],
    CHAIN_TRUNCATED: ['A chain was cut at its limit; once for each.', 'rootEventId, depth, workflowPath, droppedEvent'],
  }),
  ...each('CUSTOM_EVENT_EMIT', {
    REQUESTED: ['An emit was received.', 'emitId, name, version, payloadBytes, idempotencyKeyPresent'],
    RELAYED: [
      'It was accepted and is in the log.',
      'emitId, eventId, sequence, partition, offset (of the ingress), latencyMs',
    ],
    DELIVERED: ['Every delivery of it has ended and none has failed, or there is none.', 'emitId, subscriberCount'],
    DELIVERY_FAILED: [
      'The delivery to one subscriber has failed for good.',
      'emitId, subscriberType, subscriberId, attempts, lastError',
    ],
    REJECTED: ['It was refused.', 'emitId, code, name, version'],
    DEDUPLICATED: ['It repeated an idempotency key.', 'emitId, originalEmitId'],
  }),
  ...each('CUSTOM_EVENT_FEDERATION', {
    GROUP_CREATED: ['A group was created.', ''],
    GROUP_UPDATED: ['Its name or description was changed.', ''],
    GROUP_ARCHIVED: ['It was archived.', ''],
    GROUP_SUSPENDED: ['Its owner may not federate at present.', ''],
    GROUP_RESUMED: ['Its owner may again.', ''],
    INVITED: ['An organization was invited.', ''],
    ACCEPTED: ['It accepted.', ''],
    DECLINED: ['It declined.', ''],
    EXPIRED: ['The invitation expired.', ''],
    PAUSED: ['A membership was paused.', ''],
    RESUMED: ['It was resumed.', ''],
    REMOVED: ['It ended.', ''],
    MEMBER_UPDATED: ['Its settings were changed.', ''],
    PEER_ADDED: ['An external peer was added.', ''],
    PEER_REMOVED: ['It was removed.', ''],
    SECRET_ROTATED: ['Its secret was rotated.', ''],
    PUSH_DECLARED: ['An event is shared with a group.', ''],
    PUSH_UNDECLARED: ['It is no longer shared.', ''],
    RELAYED: ['A relay reached its peer.', 'relayId, groupId, pushId, memberId, sourceEventId, targetEventId'],
    RELAY_FAILED: ['A relay failed.', 'the same, lastError'],
    RELAY_SKIPPED: ['An event is not relayed to a peer.', 'the same'],
  }),
  ...each('CUSTOM_EVENT_MARKETPLACE', {
    PUBLISHED: ['A version is offered in the marketplace.', 'listingId, title, schemaHash'],
    UPDATED: ['Title, description, tags, license or changelog were changed.', 'the same'],
    UNPUBLISHED: ['The listing is no longer shown: by its publisher, or as the plan ended.', 'the same'],
    REPUBLISHED: ['It is shown again.', 'the same'],
    TAKEN_DOWN: ['The operator archived it, with a reason.', 'the same'],
    ARCHIVED: ['It ended with its organization.', 'the same'],
    FORKED: ['The organization forked a listing.', 'listingId, registrationId, sourceCanonicalName, sourceSchemaHash'],
  }),
  ...each('WEBHOOK', {
    CREATED: ['A webhook was created.', 'url, events'],
    UPDATED: ['It was changed, paused or activated.', 'changed'],
    DELETED: ['It was deleted.', ''],
    SECRET_ROTATED: ['Its secret was changed.', ''],
    FAILING: ['A delivery’s attempts are used up, 20 attempts failed in a row, or 4 over five minutes.', ''],
    RECOVERED: ['It accepts deliveries again.', ''],
    DISABLED: ['It was switched off: gone, or failing for too long.', ''],
    DELIVERY_EXHAUSTED: [
      'A delivery was given up; with count: this many, none of which the endpoint accepted in time.',
      'webhookId, eventId, emitId, eventType, attempts, lastError; or webhookId, count, fromSequence, throughSequence',
    ],
  }),
  ...each('SINK', {
    CREATED: ['A sink was created.', 'url, events'],
    UPDATED: ['It was changed, paused or activated.', 'changed'],
    DELETED: ['It was deleted.', ''],
    FAILING: ['A delivery’s attempts are used up, 20 attempts failed in a row, or 4 over five minutes.', ''],
    RECOVERED: ['Its cluster takes records again.', ''],
    DISABLED: ['It was switched off, failing for too long.', ''],
    DELIVERY_EXHAUSTED: [
      'A delivery was given up; with count: this many, none of which the cluster took in time.',
      'webhookId, eventId, emitId, eventType, attempts, lastError; or webhookId, count, fromSequence, throughSequence',
    ],
  }),
  ...each('REPLAY', {
    STARTED: ['A replay, recovery or catch-up began.', ''],
    UPDATED: ['It was paused, resumed or is being cancelled.', ''],
    COMPLETED: ['It is complete.', ''],
    CANCELLED: ['It was cancelled.', ''],
    FAILED: ['It could not continue.', ''],
  }),
  ...each('ORGANIZATION', {
    CREATED: ['An organization was created.', 'slug, plan'],
    UPDATED: ['It was changed.', 'changed, previousPlan, plan'],
    SUSPENDED: ['It was suspended.', ''],
    ACTIVATED: ['Its suspension ended.', ''],
    DELETED: ['It was deleted.', ''],
  }),
  ...each('API_KEY', {
    CREATED: ['A key was created.', ''],
    DELETED: ['A key was deleted.', ''],
    SESSIONS_ENDED: ['The sessions that it had opened were ended.', ''],
  }),
  ...each('OPERATOR_ACCESS', {
    BEGAN: ['The operator looks inside the organization.', 'environment, write, reason, endsAt'],
    ENDED: ['The operator left before `endsAt`.', 'the same'],
  }),
  ...each('KAFKA_CREDENTIAL', { CREATED: ['A user of the broker was created.', ''], DELETED: ['It was deleted.', ''] }),
  ['QUOTA_WARNING', ['80, 90 or 100 % of a quota are used.', 'quota, used, limit, percent']],
  ...each('DRIFT', {
    DETECTED: ['Two things that must agree do not.', 'kind, severity, finding, entityType, entityId, message'],
    RESOLVED: ['They agree again.', 'kind, finding'],
  }),
  ...each('NOTIFICATION', {
    SENT: ['A notification was sent.', 'channel, kind, tries'],
    FAILED: ['A notification could not be sent.', 'channel, kind, tries, error'],
  }),
  ...each('NOTIFICATION_CHANNEL', {
    CREATED: ['A channel was created.', 'channel, type'],
    UPDATED: ['It was changed, or its secret was.', 'channel, changed'],
    DELETED: ['It was deleted.', 'channel'],
    FAILING: ['Five tries in a row have failed, or its receiver is gone.', 'channel, failingSince'],
    RECOVERED: ['It takes notifications again.', 'channel'],
  }),
  ...each('QUEUE', {
    CREATED: ['A queue was created.', 'name'],
    UPDATED: ['It was changed.', 'name, changed'],
    DELETED: ['It was deleted, with its messages.', 'name'],
    DEAD_LETTER_OVERFLOW: ['Its dead list was full, and the oldest left it; at most once an hour.', 'name, count'],
  }),
  ...each('WORKFLOW', {
    CREATED: ['A workflow was created.', 'name, trigger'],
    UPDATED: ['Its settings were changed.', 'name, changed'],
    DRAFT_SAVED: ['Its draft was saved.', 'name, hash, findings (their number)'],
    DEPLOYED: ['A version of it went live.', 'name, version, hash, rollbackOf'],
    UNDEPLOYED: ['Its live version was taken away.', 'name, version'],
    ACTIVATED: ['It was switched on.', 'name'],
    DEACTIVATED: ['It was switched off.', 'name'],
    DELETED: ['It was deleted.', 'name'],
  }),
  ...each('WORKFLOW_RUN', {
    STARTED: ['A run got its first slot.', 'workflowId, workflowVersion, mode, trigger'],
    SUCCEEDED: ['It has ended well.', 'workflowId, workflowVersion, mode, durationMs'],
    FAILED: ['It has failed.', 'the same, code, actionKey'],
    CANCELLED: ['It was cancelled.', 'workflowId, workflowVersion, mode, durationMs'],
    TIMED_OUT: ['Its time was over.', 'the same, code, actionKey'],
    TRUNCATED: ['Its chain was too long.', 'the same, code, actionKey'],
  }),
  ...each('VARIABLE', { SET: ['A variable was set.', 'name'], DELETED: ['It was deleted.', 'name'] }),
  ...each('SECRET', { SET: ['A secret was set.', 'name'], DELETED: ['It was deleted.', 'name'] }),
  ...each('MAIL_TEMPLATE', { SET: ['A mail template was set.', 'name'], DELETED: ['It was deleted.', 'name'] }),
  ...each('CONNECTION', { SET: ['A connection was set.', 'name'], DELETED: ['It was deleted.', 'name'] }),
  ['NOTIFICATION_PREFERENCES_UPDATED', ['The channels of system notices were chosen.', 'notices']],
])
