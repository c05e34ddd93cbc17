/** The codes by which a call may be refused: those that follow from the route, and those of its subject. */
import type { Code } from '../../model/codes.ts'
import type { Route } from '../http/route.ts'
import { shortPath } from './operation-names.ts'

/** Of a contract. */
const CONTRACT: readonly Code[] = ['invalid_json_schema', 'schema_too_deep', 'schema_too_wide']
const REGISTER: readonly Code[] = [
  ...(['cannot_register_generic_event', 'invalid_json_schema', 'invalid_name', 'invalid_namespace'] as const),
  ...(['invalid_version_format', 'minor_must_be_backwards_compatible', 'namespace_not_allowed'] as const),
  ...(['patch_must_be_byte_equal', 'payload_example_does_not_match_schema', 'registration_quota_exceeded'] as const),
  ...(['reserved_namespace', 'schema_too_deep', 'schema_too_wide', 'version_already_exists'] as const),
  ...(['version_downgrade', 'version_invalid_jump', 'contract_violated'] as const),
]
const EMIT: readonly Code[] = [
  ...(['bus_relay_failed', 'chain_depth_exceeded', 'event_not_published', 'event_not_registered'] as const),
  ...([
    'idempotency_key_conflict',
    'monthly_emit_quota_exceeded',
    'organization_suspended',
    'payload_invalid',
  ] as const),
  ...(['payload_too_large', 'plan_does_not_allow_registered_events', 'live_environment_only'] as const),
]
const WEBHOOK: readonly Code[] = [
  ...(['https_required', 'invalid_webhook_url', 'invalid_event_selector', 'invalid_retry_policy'] as const),
  ...(['header_not_allowed', 'ownership_not_verified', 'secret_unreadable', 'webhook_quota_exceeded'] as const),
  ...CONTRACT,
]
const SINK: readonly Code[] = [
  ...(['invalid_sink_config', 'sink_type_not_supported', 'invalid_event_selector', 'invalid_retry_policy'] as const),
  ...(['secret_unreadable', 'webhook_quota_exceeded'] as const),
]
const REPLAY: readonly Code[] = [
  ...(['federation_member_not_found', 'federation_not_available', 'invalid_cursor', 'invalid_event_selector'] as const),
  ...([
    'invalid_range',
    'outside_retention',
    'replay_in_progress',
    'replay_quota_exceeded',
    'selector_required',
  ] as const),
  ...(['too_many_targets', 'webhook_inactive', 'live_environment_only'] as const),
]

const FEDERATION: readonly Code[] = [
  ...([
    'already_member',
    'event_not_registered',
    'namespace_not_allowed',
    'cannot_invite_self',
    'cannot_push_generic_event',
    'event_not_published',
  ] as const),
  ...(['federation_group_archived', 'federation_group_name_taken', 'federation_group_not_found'] as const),
  ...([
    'federation_limit_exceeded',
    'federation_loop',
    'federation_member_not_found',
    'federation_name_conflict',
  ] as const),
  ...([
    'federation_not_available',
    'federation_push_not_found',
    'federation_relay_not_found',
    'invitation_expired',
  ] as const),
  ...(['invitation_not_found', 'live_environment_only', 'member_not_accepted', 'member_not_pending'] as const),
  ...(['not_group_owner', 'organization_not_found', 'push_already_declared', 'relay_not_failed'] as const),
  ...([
    'secret_rotation_in_progress',
    'invalid_namespace',
    'reserved_namespace',
    'delivery_in_progress',
    'webhook_inactive',
    'outside_retention',
  ] as const),
]

const MARKETPLACE: readonly Code[] = [
  ...(['listing_not_found', 'not_listing_owner', 'listing_taken_down', 'invalid_title', 'invalid_tag'] as const),
  ...(['listing_not_published', 'listing_already_published', 'listing_already_exists'] as const),
  ...(['event_not_registered', 'event_not_published', 'cannot_publish_generic_event'] as const),
  ...(['example_not_confirmed', 'fork_not_redistributable'] as const),
]

/** All that match a path count. `methods`: of these alone. */
const OF_SUBJECT: ReadonlyArray<{ path: RegExp; methods?: string; codes: readonly Code[] }> = [
  {
    path: /^\/organizations/,
    methods: 'POST PATCH DELETE',
    codes: ['conflict', 'invalid_namespace', 'reserved_namespace', 'slug_taken'],
  },
  { path: /^\/(keys|kafka-credentials|organizations\/:id\/keys)/, codes: ['conflict'] },
  {
    path: /^\/events\/custom(\/:id\/publish|\/:id)?$/,
    methods: 'POST PATCH DELETE',
    codes: [...REGISTER, 'cannot_archive_generic_event', 'conflict'],
  },
  { path: /^\/events\/custom\/:id\/archive$/, codes: ['cannot_archive_generic_event', 'conflict'] },
  { path: /^\/events\/custom\/dry-run$/, codes: REGISTER },
  { path: /\/(emit|emit\/batch|redrive)$|^\/platform\/events$/, codes: EMIT },
  { path: /\/redrive$/, codes: ['conflict', 'outside_retention'] },
  {
    path: /^\/events$|^\/events\/(stream|ws|stream-tokens|lifecycle)$/,
    codes: [
      ...(['cursor_expired', 'invalid_cursor', 'invalid_event_selector', 'invalid_range', 'not_found'] as const),
      ...(['stream_limit_exceeded', 'not_acceptable'] as const),
    ],
  },
  { path: /^\/webhooks|\/subscribe$|\/external-peers/, methods: 'POST PATCH', codes: WEBHOOK },
  { path: /^\/sinks/, methods: 'POST PATCH', codes: SINK },
  { path: /^\/webhooks\/:id\/shadow$/, methods: 'PUT', codes: WEBHOOK },
  { path: /^\/events\/custom\/compare$/, codes: ['not_found'] },
  { path: /\/stats$|^\/usage\/timeseries$|^\/organizations\/(usage|:id\/load)$/, codes: ['invalid_range'] },
  { path: /\/rotate(-secret)?$/, codes: ['secret_rotation_in_progress', 'conflict'] },
  {
    path: /^\/webhooks\/de/,
    codes: [
      'delivery_in_progress',
      'outside_retention',
      'webhook_inactive',
      'conflict',
      'invalid_event_selector',
      'invalid_range',
    ],
  },
  { path: /^\/webhooks\/dead-letters\/redrive$/, codes: ['replay_in_progress', 'too_many_targets'] },
  { path: /^\/(emits|events\/custom\/emits|webhooks\/:id\/deliveries)/, codes: ['invalid_event_selector'] },
  { path: /^\/replays|\/(replay|recover)$/, codes: [...REPLAY, 'replay_not_running'] },
  { path: /^\/events\/custom\/federation/, codes: FEDERATION },
  { path: /^\/events\/custom\/marketplace\/(:|p)/, codes: MARKETPLACE },
  {
    path: /^\/events\/custom\/marketplace\/:id\/fork$/,
    codes: [...REGISTER, 'cannot_fork_own_listing', 'license_not_accepted'],
  },
  {
    path: /^\/notifications/,
    codes: [
      'channel_built_in',
      'channel_inactive',
      'channel_not_found',
      'channel_quota_exceeded',
      'conflict',
      'notification_quota_exceeded',
      'header_not_allowed',
      'https_required',
      'invalid_webhook_url',
      'secret_rotation_in_progress',
    ],
  },
  { path: /^\/workflows$|^\/workflows\/:id$/, codes: CONTRACT },
  { path: /^\/routes/, codes: ['route_conflict'] },
  {
    path: /^\/(workflows|routes)/,
    codes: [
      'conflict',
      'run_ended',
      'run_not_restartable',
      'workflow_invalid',
      'workflow_not_deployed',
      'workflow_nothing_to_deploy',
      'workflow_quota_exceeded',
      'event_not_registered',
    ],
  },
  {
    path: /^\/inspectors/,
    codes: ['inspector_quota_exceeded', 'header_not_allowed', 'stream_limit_exceeded'],
  },
  {
    path: /^\/queues/,
    codes: [
      'conflict',
      'cursor_expired',
      'in_flight_limit',
      'invalid_cursor',
      'invalid_event_selector',
      'queue_inactive',
      'queue_not_empty',
      'queue_quota_exceeded',
      'receipt_expired',
    ],
  },
  { path: /^\/(variables|secrets)/, codes: ['conflict', 'in_use', 'workflow_quota_exceeded'] },
  { path: /^\/(connections|mail-templates)/, codes: ['in_use', 'workflow_quota_exceeded'] },
  {
    path: /^\/tables/,
    codes: [
      'constraint_violated',
      'sql_failed',
      'sql_refused',
      'sql_result_too_large',
      'sql_timeout',
      'stock_insufficient',
      'table_exists',
      'table_invalid',
      'table_quota_exceeded',
      'tables_unavailable',
      'conflict',
    ],
  },
  { path: /\/lineage$/, codes: FEDERATION },
  { path: /\/subscribe$/, codes: ['event_not_registered', 'invalid_name', 'invalid_version_format'] },
  {
    path: /^\/replays$/,
    methods: 'POST',
    codes: ['federation_group_not_found', 'member_not_accepted', 'not_found', 'not_group_owner'],
  },
  { path: /^\/drift\/check$/, codes: ['drift_manifest_too_large', 'invalid_manifest'] },
  { path: /^\/drift\/findings\/:id\/./, codes: ['conflict'] },
  { path: /^\/metrics$/, codes: ['insufficient_scope', 'unauthorized'] },
  { path: /^\/platform\/events$/, codes: ['organization_not_found'] },
  {
    path: /^\/sessions|\/console-links$/,
    codes: [
      'https_required',
      'insufficient_scope',
      'not_found',
      'organization_not_found',
      'organization_suspended',
      'rate_limited',
      'session_refused',
      'unauthorized',
      'validation_failed',
    ],
  },
  { path: /\/partitions$/, codes: ['conflict'] },
  {
    path: /^\/(orders|resources|invoices|infrastructure|designs)/,
    methods: 'POST PUT PATCH DELETE',
    codes: [
      'conflict',
      'domain_limit_exceeded',
      'invalid_transition',
      'live_environment_only',
      'node_count_out_of_bounds',
      'not_found',
      'rate_limited',
      'scaling_in_progress',
    ],
  },
]

export function codesOf(route: Route): Code[] {
  const codes = new Set<Code>(['internal_error', 'service_unavailable'])
  const { access, method, path, body, query, status } = route
  if (access !== 'public')
    for (const code of ['unauthorized', 'rate_limited', 'session_refused'] as const) codes.add(code)
  if (method !== 'GET' && route.changesNothing !== true) codes.add('session_read_only')
  if (access !== 'public' && access !== 'any') codes.add('insufficient_scope')
  if (access !== 'public' || query !== undefined) codes.add('validation_failed')
  if (path.includes(':')) codes.add('not_found')
  if (body !== undefined) for (const code of ['unsupported_media_type', 'payload_too_large'] as const) codes.add(code)
  if (method !== 'GET' && (path.includes(':') || method === 'PUT')) codes.add('revision_conflict')
  if (route.refusedWhenSuspended === true) codes.add('organization_suspended')
  if (route.takesIdempotencyKey === true) codes.add('idempotency_key_conflict')
  if (route.needsSql === true) codes.add('table_quota_exceeded')
  if (route.needsRight === 'marketplacePublish') codes.add('marketplace_publish_not_available')
  if (route.needsRight === 'marketplaceFork') codes.add('marketplace_fork_not_available')
  if (route.refusesKeyInQuery === true) codes.add('key_in_query')
  if (query !== undefined && status === undefined && JSON.stringify(query).includes('"cursor"'))
    codes.add('invalid_cursor')
  for (const { path: pattern, methods, codes: more } of OF_SUBJECT)
    if (pattern.test(shortPath(path)) && (methods === undefined || methods.split(' ').includes(method)))
      for (const code of more) codes.add(code)
  return [...codes].sort()
}
