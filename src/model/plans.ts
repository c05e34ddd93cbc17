/**
 * The plans and their limits, in one table; no other file contains these numbers
 * (docs/specification/organizations.md#plans).
 */

export const PLANS = ['FREE', 'BASIC', 'PRO', 'ENTERPRISE'] as const
export type Plan = (typeof PLANS)[number]

export interface PlanLimits {
  /** Distinct (namespace, name) that are not archived; null: unlimited. */
  registrations: number | null
  /** Accepted emits of the live environment in a UTC month; null: unlimited. */
  monthlyEmits: number | null
  /**
   * Accepted emits of the test environment in a UTC month. They do not count against the quota, but have a limit of
   * their own.
   */
  monthlyTestEmits: number
  /** `none`: the generic event only. `latest`: a newer version archives the older one. */
  versioning: 'none' | 'latest' | 'full'
  webhooks: number
  /** Workflows that are deployed and active, of both environments. */
  activeWorkflows: number
  /** API routes that are deployed and active, of both environments. */
  deployedRoutes: number
  /** Idempotency keys of calls that are remembered for a day. */
  callKeys: number
  /** The least time between two ticks of a schedule. */
  schedulePeriodMinutes: number
  /** Runs that are under way together, waiting ones not counted; those that wait for a slot; those that wait for a time. */
  activeRuns: number
  queuedRuns: number
  parkedRuns: number
  /** Workflows may use `sql_query`. */
  sqlQueries: boolean
  /** Workflows may use `custom_code`. */
  customCode: boolean
  queues: number
  /** Inspectors that have not expired, of both environments. */
  inspectors: number
  /** Calls of queues per second. */
  queueCallsPerS: number
  /** Open streams at a time. */
  streams: number
  /** Events per second of one stream; more are delayed, not dropped. */
  streamEventsPerS: number
  /** Pulls of events per second. */
  pullsPerS: number
  /** Changes of the reference domain per second. */
  domainChangesPerS: number
  /** Records of the reference domain of one kind and environment that have not ended. */
  domainRecords: number
  retentionDays: number
  /** Idempotency keys that are remembered: those of the last 30 days, and at most this many. */
  idempotencyKeys: number
  /** Replayed deliveries per UTC day; null: unlimited. */
  replayedPerDay: number | null
  /** Notifications per UTC day, system notices apart. */
  notificationsPerDay: number
  /** Notification channels, built-in ones apart. */
  channels: number
  /**
   * Bytes per second that an organization's Kafka clients may send, and as many may receive; all credentials of a
   * direction share it.
   */
  kafkaBytesPerS: number
  /** Most partitions of each of its two topics; both start with one. */
  partitionsMax: number
  /** Tables of one environment, and bytes on disk of all of them. */
  tables: number
  tableBytes: number
  /** An organization's own SQL on its tables. */
  sql: boolean
  marketplacePublish: boolean
  marketplaceFork: boolean
  federation: boolean
}

const EVERY_PLAN = { monthlyTestEmits: 1_000, retentionDays: 30 } as const

export const PLAN_LIMITS: Readonly<Record<Plan, PlanLimits>> = {
  FREE: {
    ...EVERY_PLAN,
    registrations: 0,
    monthlyEmits: 1_000,
    versioning: 'none',
    webhooks: 2,
    activeWorkflows: 1,
    deployedRoutes: 2,
    callKeys: 1_000,
    schedulePeriodMinutes: 15,
    activeRuns: 5,
    queuedRuns: 1_000,
    parkedRuns: 100,
    sqlQueries: false,
    customCode: false,
    queues: 0,
    inspectors: 2,
    queueCallsPerS: 5,
    streams: 1,
    streamEventsPerS: 10,
    pullsPerS: 1,
    domainChangesPerS: 10,
    domainRecords: 100,
    idempotencyKeys: 10_000,
    replayedPerDay: 0,
    notificationsPerDay: 100,
    channels: 2,
    kafkaBytesPerS: 262_144,
    partitionsMax: 1,
    tables: 2,
    tableBytes: 10_000_000,
    sql: false,
    marketplacePublish: false,
    marketplaceFork: false,
    federation: false,
  },
  BASIC: {
    ...EVERY_PLAN,
    registrations: 5,
    monthlyEmits: 10_000,
    versioning: 'latest',
    webhooks: 10,
    activeWorkflows: 10,
    deployedRoutes: 20,
    callKeys: 10_000,
    schedulePeriodMinutes: 5,
    activeRuns: 25,
    queuedRuns: 10_000,
    parkedRuns: 1_000,
    sqlQueries: true,
    customCode: false,
    queues: 2,
    inspectors: 10,
    queueCallsPerS: 50,
    streams: 5,
    streamEventsPerS: 100,
    pullsPerS: 5,
    domainChangesPerS: 50,
    domainRecords: 1_000,
    idempotencyKeys: 100_000,
    replayedPerDay: 1_000,
    notificationsPerDay: 1_000,
    channels: 5,
    kafkaBytesPerS: 1_048_576,
    partitionsMax: 1,
    tables: 10,
    tableBytes: 100_000_000,
    sql: true,
    marketplacePublish: false,
    marketplaceFork: false,
    federation: false,
  },
  PRO: {
    ...EVERY_PLAN,
    registrations: 25,
    monthlyEmits: 100_000,
    versioning: 'full',
    webhooks: 50,
    activeWorkflows: 50,
    deployedRoutes: 100,
    callKeys: 50_000,
    schedulePeriodMinutes: 1,
    activeRuns: 100,
    queuedRuns: 50_000,
    parkedRuns: 10_000,
    sqlQueries: true,
    customCode: true,
    queues: 10,
    inspectors: 10,
    queueCallsPerS: 500,
    streams: 25,
    streamEventsPerS: 1_000,
    pullsPerS: 20,
    domainChangesPerS: 200,
    domainRecords: 2_000,
    idempotencyKeys: 1_000_000,
    replayedPerDay: 50_000,
    notificationsPerDay: 10_000,
    channels: 20,
    kafkaBytesPerS: 8_388_608,
    partitionsMax: 4,
    tables: 50,
    tableBytes: 1_000_000_000,
    sql: true,
    marketplacePublish: true,
    marketplaceFork: true,
    federation: false,
  },
  ENTERPRISE: {
    ...EVERY_PLAN,
    registrations: null,
    monthlyEmits: null,
    versioning: 'full',
    webhooks: 500,
    activeWorkflows: 500,
    deployedRoutes: 1_000,
    callKeys: 100_000,
    schedulePeriodMinutes: 1,
    activeRuns: 1_000,
    queuedRuns: 100_000,
    parkedRuns: 100_000,
    sqlQueries: true,
    customCode: true,
    queues: 100,
    inspectors: 10,
    queueCallsPerS: 2_000,
    streams: 100,
    streamEventsPerS: 5_000,
    pullsPerS: 100,
    domainChangesPerS: 200,
    domainRecords: 10_000,
    idempotencyKeys: 20_000_000,
    replayedPerDay: null,
    notificationsPerDay: 100_000,
    channels: 100,
    kafkaBytesPerS: 67_108_864,
    partitionsMax: 16,
    tables: 500,
    tableBytes: 20_000_000_000,
    sql: true,
    marketplacePublish: true,
    marketplaceFork: true,
    federation: true,
  },
}

export const planOf = (plan: Plan): PlanLimits => PLAN_LIMITS[plan]
