/**
 * Every stable code of Clarion, once. API answers, record headers, log lines, metric labels and
 * `docs/reference/codes.md` use the same word, and a code has exactly one HTTP status.
 */

export interface CodeEntry {
  /** HTTP status when the code is an API answer. */
  status: number
  /** Whether the same call may succeed if repeated unchanged. */
  retryable: boolean
  /** The meaning, in a sentence for a person. */
  meaning: string
}

const entry = (status: number, meaning: string, retryable = false): CodeEntry => ({ status, retryable, meaning })

export const CODES = {
  // Every call
  unauthorized: entry(401, 'The key is missing, unknown, expired or deleted.'),
  insufficient_scope: entry(403, 'The key is valid but does not hold the scope that this call needs.'),
  session_refused: entry(
    403,
    'The cookie of a session counts only in calls of the console itself, which the headers of this call do not prove.',
  ),
  session_read_only: entry(403, 'The session may read, but change nothing.'),
  not_found: entry(404, 'There is no such resource in your organization.'),
  method_not_allowed: entry(405, 'The path exists, but not with this method.'),
  unsupported_media_type: entry(415, 'The body must be JSON (content-type: application/json).'),
  validation_failed: entry(400, 'The request is malformed; details name each place.'),
  conflict: entry(409, 'The change contradicts the current state of the resource.'),
  revision_conflict: entry(412, 'The resource was changed since the revision in If-Match.'),
  rate_limited: entry(429, 'Too many calls in this time; repeat after Retry-After.', true),
  internal_error: entry(500, 'A fault of the platform; the request id helps to find it.', true),
  service_unavailable: entry(
    503,
    'The platform cannot serve this now; repeat after Retry-After, with an idempotency key.',
    true,
  ),

  // Organizations and keys
  organization_suspended: entry(403, 'The organization is suspended: it can read, but not emit, register or invite.'),
  live_environment_only: entry(403, 'This is for the live environment alone; the key is of the test environment.'),
  slug_taken: entry(409, 'Another organization has this slug.'),

  // Registry
  invalid_namespace: entry(400, 'The namespace does not match ^[a-z][a-z0-9_-]{1,30}$.'),
  reserved_namespace: entry(400, 'The namespace belongs to the platform.'),
  namespace_not_allowed: entry(400, "The namespace is not on the organization's allowlist."),
  invalid_name: entry(400, 'The name does not match ^[a-z][a-z0-9_.-]{1,60}$.'),
  invalid_version_format: entry(400, 'The version is not MAJOR.MINOR.PATCH.'),
  cannot_register_generic_event: entry(400, 'platformxe.generic belongs to the platform.'),
  cannot_archive_generic_event: entry(403, 'platformxe.generic belongs to the platform.'),
  version_already_exists: entry(400, 'This version of the event is taken for good.'),
  version_downgrade: entry(400, 'The version is lower than the highest one registered.'),
  version_invalid_jump: entry(
    400,
    'A version may only be one patch, one minor or one major step above the highest one.',
  ),
  patch_must_be_byte_equal: entry(400, 'A patch may change descriptions only.'),
  minor_must_be_backwards_compatible: entry(400, 'A minor must be compatible; details name what breaks, and where.'),
  contract_violated: entry(
    400,
    'Receivers need what payloads of the version may lack, and the organization refuses such minors; details name each.',
  ),
  schema_too_deep: entry(
    400,
    'The schema nests more than 5 levels (or what the organization was given) or refers to itself.',
  ),
  schema_too_wide: entry(400, 'The schema names more than 50 properties (or what the organization was given).'),
  invalid_json_schema: entry(400, 'The schema is not a JSON Schema 2020-12 that can be compiled.'),
  payload_example_does_not_match_schema: entry(400, 'The example does not satisfy its own schema.'),
  registration_quota_exceeded: entry(402, "The plan's number of registrations is used up."),

  // Emit
  event_not_registered: entry(404, 'No version of this name, or not the pinned one, exists in the organization.'),
  event_not_published: entry(409, 'The target version is a draft or archived.'),
  payload_invalid: entry(400, 'The payload is not what the schema asks for; details name each place.'),
  payload_too_large: entry(413, 'The payload is larger than 256 KB, or the request than its limit.'),
  plan_does_not_allow_registered_events: entry(402, 'The Free plan emits platformxe.generic only.'),
  chain_depth_exceeded: entry(422, 'The chain of events that this emit belongs to is at its cap of 50.'),
  monthly_emit_quota_exceeded: entry(402, "The month's emits are used up."),
  idempotency_key_conflict: entry(409, 'The idempotency key was used with another name, version or payload.'),
  bus_relay_failed: entry(
    502,
    'The emit is recorded but could not be written to the log; do not emit again, redrive it.',
  ),

  // Webhooks
  invalid_webhook_url: entry(400, 'The URL cannot be that of a webhook; the message says why.'),
  https_required: entry(400, 'Webhooks are https, and so is a sign-in from another machine.'),
  invalid_sink_config: entry(400, 'A server, the topic or the sign-in cannot be that of a sink; the message says why.'),
  sink_type_not_supported: entry(400, 'There are no sinks of this type: kafka is the one that there is.'),
  invalid_event_selector: entry(400, 'A selector has none of the permitted forms.'),
  invalid_retry_policy: entry(400, 'The retry policy is out of bounds.'),
  webhook_quota_exceeded: entry(402, "The plan's number of webhooks is used up."),
  secret_unreadable: entry(
    409,
    'The sealed secret and headers of the webhook cannot be opened with the key of the installation; set both again.',
  ),
  ownership_not_verified: entry(409, 'The receiver did not answer the test with 2xx: nothing was made or changed.'),

  // Federation
  federation_not_available: entry(402, 'Federation is for organizations on the Enterprise plan.'),
  federation_limit_exceeded: entry(402, 'A limit of federation is reached; the message names it.'),
  organization_not_found: entry(404, 'There is no organization with this id.'),
  federation_group_not_found: entry(404, 'There is no such group, or you are neither its owner nor a member.'),
  federation_member_not_found: entry(404, 'The group has no such member, or not any more.'),
  federation_push_not_found: entry(404, 'There is no such push.'),
  federation_relay_not_found: entry(404, 'There is no such relay.'),
  invitation_not_found: entry(404, 'You are not invited to this group.'),
  invitation_expired: entry(410, 'The invitation has expired; the owner may invite again.'),
  not_group_owner: entry(403, 'Only the owner of the group may do this.'),
  federation_group_archived: entry(409, 'The group is archived, for good.'),
  federation_group_name_taken: entry(409, 'Another of your groups has this name.'),
  already_member: entry(409, 'The organization is invited, or a member, already.'),
  member_not_pending: entry(409, 'The invitation was answered before.'),
  member_not_accepted: entry(409, 'The member does not take part now, or the side that calls did not pause it.'),
  push_already_declared: entry(409, 'The group has an active push of this version.'),
  federation_name_conflict: entry(
    409,
    'The peer has another event under the name that this one would arrive by; inboundNamespace keeps them apart.',
  ),
  federation_loop: entry(409, 'The event has passed through this organization before; relays do not go in circles.'),
  secret_rotation_in_progress: entry(409, 'The secret before is still valid: rotate again when its overlap has ended.'),
  relay_not_failed: entry(409, 'Only a relay that failed can be tried again.'),
  cannot_invite_self: entry(400, 'An organization cannot be a member of its own group.'),
  header_not_allowed: entry(400, 'A header may not be set on requests of the platform; the message says why.'),
  cannot_push_generic_event: entry(400, 'platformxe.generic cannot be shared.'),

  // Marketplace
  marketplace_publish_not_available: entry(402, 'The plan does not offer versions in the marketplace.'),
  marketplace_fork_not_available: entry(402, 'The plan does not fork listings of the marketplace.'),
  listing_not_found: entry(404, 'There is no such listing, or it is not published.'),
  not_listing_owner: entry(403, 'Only the publisher of the listing may do this.'),
  listing_already_exists: entry(409, 'The version has a listing; error.listingId names it.'),
  listing_not_published: entry(409, 'The listing is not published.'),
  listing_already_published: entry(409, 'The listing is published already.'),
  listing_taken_down: entry(403, 'The listing is archived, for good; the message says why.'),
  license_not_accepted: entry(409, 'The license must be accepted: read it, and send acceptLicense: true.'),
  fork_not_redistributable: entry(
    403,
    'The version is an unchanged fork, and the license of its source does not let it be passed on.',
  ),
  cannot_publish_generic_event: entry(400, 'platformxe.generic cannot be offered: every organization has its own.'),
  cannot_fork_own_listing: entry(400, 'The listing is your own: register the next version of its event instead.'),
  invalid_title: entry(400, 'The title has fewer than 3 or more than 120 characters.'),
  invalid_tag: entry(400, 'A tag does not match ^[a-z0-9-]{2,30}$, or there are more than 10.'),
  example_not_confirmed: entry(
    400,
    'The version has an example, which everybody will see: send confirmNoPersonalData: true if it may.',
  ),

  // Drift
  drift_manifest_too_large: entry(413, 'The manifest has more than 500 definitions.'),
  invalid_manifest: entry(400, 'A definition of the manifest is wrong; details name the place.'),

  // Deliveries
  delivery_in_progress: entry(409, 'The delivery has not ended; its next attempt is made without a call.'),
  webhook_inactive: entry(409, 'The webhook is switched off, or deleted.'),

  // Reading events
  invalid_cursor: entry(
    400,
    'The cursor is not one of this organization and environment, or it was changed: use it as it was answered.',
  ),
  cursor_expired: entry(
    410,
    'Events at the cursor are no longer kept, or the log ends before it; continue at error.earliestCursor.',
  ),
  stream_limit_exceeded: entry(
    429,
    "The plan's number of streams, or of distinct filters on one log, is reached; details name which.",
    true,
  ),
  not_acceptable: entry(406, 'None of the media types in Accept can be answered; the message names those that can.'),
  key_in_query: entry(400, 'An API key is in the URL, where logs keep it: send it in a header, and replace the key.'),

  // Notifications
  channel_not_found: entry(404, 'The organization has no notification channel of this name or id.'),
  channel_inactive: entry(409, 'The notification channel is switched off.'),
  channel_built_in: entry(409, 'The notification channel is built in: it cannot be deleted, renamed or reconfigured.'),
  notification_quota_exceeded: entry(402, "The plan's notifications of the day are used up."),
  channel_quota_exceeded: entry(402, "The plan's number of notification channels is used up."),

  // Inspectors
  inspector_quota_exceeded: entry(402, "The plan's number of inspectors is used up."),

  // Queues
  queue_quota_exceeded: entry(402, "The plan's number of queues is used up, or it has fewer than there are."),
  queue_inactive: entry(409, 'The queue is switched off, or was while the call waited.'),
  queue_not_empty: entry(409, 'The queue has messages, dead letters included; force=true deletes it with them.'),
  receipt_expired: entry(
    409,
    'The message was handed out again, is dead, or the queue was purged: the receipt settles nothing any more.',
  ),
  in_flight_limit: entry(
    429,
    'The queue has as many messages that are not settled as it can, and none of them is due: settle some first.',
    true,
  ),

  // Workflows
  workflow_invalid: entry(400, 'The workflow or its definition is wrong; details name each place and what to write.'),
  workflow_quota_exceeded: entry(
    402,
    "A limit of the plan's workflows, or of kept definitions, variables and secrets, is reached; the message names it.",
  ),
  workflow_nothing_to_deploy: entry(409, 'There is no draft, or it is what is live already.'),
  workflow_not_deployed: entry(409, 'The workflow has no live version: deploy it first.'),
  run_ended: entry(409, 'The run has ended: it cannot be cancelled.'),
  run_not_restartable: entry(
    409,
    'The run cannot be started once more: it has not ended, or what it was started with is kept in part only.',
  ),
  route_conflict: entry(409, 'Another route answers the same method and path; parameters match whatever their names.'),
  body_invalid: entry(
    422,
    'The body of a call of a route is not JSON, or not what the route asks for; see the details.',
  ),
  run_failed: entry(500, 'The run of the route ended before it responded; its id is in x-clarion-run.'),
  route_timeout: entry(504, 'The run of the route did not respond in time, and goes on; its id is in x-clarion-run.'),
  answer_not_kept: entry(409, 'The call with this idempotency key was answered, and its answer is not kept any more.'),
  in_use: entry(409, 'A deployed workflow reads it; details name the workflows.'),

  // Tables
  table_exists: entry(409, 'There is a table, or a column of the table, of this name.'),
  table_invalid: entry(400, 'The definition of the table or column is wrong; details name each place.'),
  table_quota_exceeded: entry(402, "The plan's tables or their stored bytes are used up, or the plan has no SQL."),
  constraint_violated: entry(422, 'A row would break a rule of its table: a value is missing, twice or too large.'),
  stock_insufficient: entry(422, 'A matching row would fall below min; nothing was changed.'),
  sql_refused: entry(400, 'The SQL is not one statement on rows, or does what it may not: see the message.'),
  sql_failed: entry(422, 'PostgreSQL could not run the statement; the message is its own.'),
  sql_timeout: entry(422, 'The statement, or its wait for a row, took longer than its time limit.'),
  sql_result_too_large: entry(422, 'The statement returned more than 1,000 rows or 2 MB.'),
  connection_failed: entry(502, 'The foreign database cannot be reached, or went away during the statement.', true),
  connection_refused: entry(422, 'The address, the login or the TLS of the foreign database is refused.'),
  tables_unavailable: entry(503, 'The database of the tables is not there, or is busy; all else works.', true),

  // Reference domain
  invalid_transition: entry(409, 'The record is not in a state for this; the message says what may be done.'),
  scaling_in_progress: entry(409, 'The cluster is being scaled: repeat the call when its status is ready.', true),
  node_count_out_of_bounds: entry(
    422,
    'The cluster may not have so many nodes, or so few; the message has its bounds.',
  ),
  domain_limit_exceeded: entry(402, 'A limit of the reference domain is reached; the message names it.'),

  // Replays
  outside_retention: entry(410, 'Events of that time are no longer kept.'),
  invalid_range: entry(400, 'The range of time is empty, too long or ends in the future.'),
  replay_in_progress: entry(409, 'A replay to this target is under way, or as many as an organization may have.'),
  replay_not_running: entry(409, 'The replay is not in a state for this.'),
  replay_quota_exceeded: entry(402, "The plan's replayed events of the day are used up."),
  selector_required: entry(400, 'The target selects none of the events that a replay brings; give selectors.'),
  too_many_targets: entry(400, 'More subscribers match than a replay may have targets; name the targets.'),
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof CODES

/** One problem in a request: its place (JSON pointer), the rule, and a message. */
export interface Finding {
  path: string
  rule: string
  message: string
}

/**
 * An error in the caller's request, or a limit that it reached. Only the API's error middleware turns it into a
 * response.
 */
export class ClarionError extends Error {
  readonly code: Code
  readonly details: Finding[] | undefined
  readonly retryAfterS: number | undefined
  /** The emit concerned, so that a caller can continue with its id. */
  readonly emitId: string | undefined
  /** Further members of the error, which belong to its code. */
  readonly facts: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: Code,
    message: string,
    options: {
      details?: Finding[]
      retryAfterS?: number
      emitId?: string
      facts?: Record<string, unknown>
      cause?: unknown
    } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'ClarionError'
    this.code = code
    this.details = options.details
    this.retryAfterS = options.retryAfterS
    this.emitId = options.emitId
    this.facts = options.facts
  }
}
