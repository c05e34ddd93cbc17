/**
 * Checks a cluster once per start. A problem would lose data, or cannot work, and refuses the start; a warning costs
 * time or makes an operation fail. Each is a sentence that says what to change. (Each connection checks the versions of
 * requests.)
 */
import type { Clock } from '../../clock.ts'
import { COORDINATOR_MOVED } from '../protocol/coordinators.ts'
import { errorName } from '../protocol/error-codes.ts'
import { metadataRequest } from '../protocol/metadata-requests.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'
import { type ClusterDescription, describeGroupRequest, newestTimeRequest } from './cluster-requests.ts'
import { describeConfigsRequest } from './topic-requests.ts'

export interface PreflightFindings {
  problems: string[]
  warnings: string[]
}

/** Kafka's numbers of operations (org.apache.kafka.common.acl.AclOperation). */
const OPERATIONS = {
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  ALTER: 7,
  DESCRIBE: 8,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
} as const
type Operation = keyof typeof OPERATIONS

const RIGHTS = 'deploy/kafka-acls.sh grants all rights'
const TRANSACTION_TIMEOUT_MS = 30_000
/** With the default of 30 s a write waits up to 10 s for a dead replica; docs/operations.md recommends 2 s. */
const REPLICA_LAG_MS = 10_000
const CLOCK_MS = 5_000

const BROKER_SETTINGS = [
  'transaction.max.timeout.ms',
  'replica.lag.time.max.ms',
  'transaction.state.log.replication.factor',
]

export async function preflight(deps: {
  wire: Wire
  clock: Clock
  cluster: ClusterDescription
  /** Names of the existing topics, and of those whose records have the broker's time. */
  topics: readonly string[]
  timedTopics: readonly string[]
  groups: readonly string[]
  transactionalId: string
  replicationFactor: number
}): Promise<PreflightFindings> {
  const findings = await Promise.all([
    clusterRights(deps.cluster),
    topicRights(deps),
    ...deps.groups.map(group => groupRights(deps.wire, group)),
    transactionRights(deps.wire, deps.transactionalId),
    brokerSettings(deps),
    clockOf(deps),
  ])
  return {
    problems: findings.flatMap(({ problems }) => problems),
    warnings: findings.flatMap(({ warnings }) => warnings),
  }
}

const none = (): PreflightFindings => ({ problems: [], warnings: [] })

/** Names of the operations that are not among the bits. An old broker that omits them answers the smallest number. */
function missing(operations: number, wanted: readonly Operation[]): Operation[] {
  if (operations === -0x80000000) return []
  return wanted.filter(name => (operations & (1 << OPERATIONS[name])) === 0)
}

async function clusterRights({ operations }: ClusterDescription): Promise<PreflightFindings> {
  const { warnings } = none()
  const without: Array<[Operation, string]> = [
    ['CREATE', 'new organizations get no topics'],
    ['ALTER', "organizations' Kafka users cannot be kept"],
    ['DESCRIBE', "the rights of organizations' Kafka users cannot be compared"],
    ['ALTER_CONFIGS', "the rates of organizations' Kafka users cannot be set"],
    ['DESCRIBE_CONFIGS', "the brokers' settings cannot be checked"],
  ]
  for (const [operation, consequence] of without)
    if (missing(operations, [operation]).length > 0)
      warnings.push(`The platform's user lacks ${operation} on the cluster: ${consequence}. ${RIGHTS}.`)
  return { problems: [], warnings }
}

async function topicRights({ wire, topics }: { wire: Wire; topics: readonly string[] }): Promise<PreflightFindings> {
  const found = none()
  if (topics.length === 0) return found
  const answer = await wire.sendToAny(metadataRequest(topics, true))
  const lacking = (wanted: readonly Operation[]) => {
    const names = new Map<string, string[]>()
    for (const { topic, operations, errorCode } of answer.topics) {
      const list = errorCode === 0 ? missing(operations, wanted).join(', ') : errorName(errorCode) === 'TOPIC_AUTHORIZATION_FAILED' ? wanted.join(', ') : '' // biome-ignore format: one thought
      if (list !== '') names.set(list, [...(names.get(list) ?? []), topic])
    }
    return names
  }
  for (const [list, names] of lacking(['READ', 'WRITE', 'DESCRIBE', 'DESCRIBE_CONFIGS']))
    found.problems.push(`The platform's user lacks ${list} on ${some(names)}. ${RIGHTS}.`)
  for (const [list, names] of lacking(['ALTER', 'ALTER_CONFIGS']))
    found.warnings.push(
      `The platform's user lacks ${list} on ${some(names)}: organizations' topics cannot grow, or be made safer. ${RIGHTS}.`,
    )
  return found
}

const some = (topics: readonly string[]) =>
  topics.length > 2 ? `${topics.slice(0, 2).join(', ')} and ${topics.length - 2} more topics` : topics.join(', ')

async function groupRights(wire: Wire, group: string): Promise<PreflightFindings> {
  const refused = {
    problems: [`The platform's user lacks READ, DESCRIBE on the group ${group}. ${RIGHTS}.`],
    warnings: [],
  }
  try {
    const { errorCode, operations } = await wire.send(
      await wire.coordinator('group', group),
      describeGroupRequest(group),
    )
    if (errorName(errorCode) === 'GROUP_AUTHORIZATION_FAILED') return refused
    if (COORDINATOR_MOVED.has(errorName(errorCode))) wire.forgetCoordinator('group', group)
    // The broker shows further rights only to a user that may describe the group.
    const lacks = errorCode === 0 ? missing(operations, ['READ']) : []
    if (lacks.length === 0) return none()
    return { problems: [`The platform's user lacks READ on the group ${group}. ${RIGHTS}.`], warnings: [] }
  } catch (error) {
    if (isType(error, 'GROUP_AUTHORIZATION_FAILED')) return refused
    // The wire outlives a failed start, and the next one must not go to the same broker.
    wire.forgetCoordinator('group', group)
    return passing(error)
  }
}

async function transactionRights(wire: Wire, id: string): Promise<PreflightFindings> {
  try {
    await wire.coordinator('transaction', id)
    return none()
  } catch (error) {
    if (!isType(error, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED')) return passing(error)
    return {
      problems: [`The platform's user lacks WRITE, DESCRIBE on transactional ids such as ${id}. ${RIGHTS}.`],
      warnings: [],
    }
  }
}

const isType = (error: unknown, type: string): boolean => error instanceof KafkaError && error.type === type

/** A coordinator that is not elected yet says nothing about rights; the requests that need it wait. */
function passing(error: unknown): PreflightFindings {
  if (error instanceof KafkaError && error.type.startsWith('COORDINATOR_')) return none()
  throw error
}

async function brokerSettings(deps: {
  wire: Wire
  cluster: ClusterDescription
  replicationFactor: number
}): Promise<PreflightFindings> {
  const found = none()
  const all = await Promise.all(deps.cluster.brokers.map(node => settingsOf(deps.wire, node)))
  const values = (name: string) =>
    all.flatMap(settings => (settings?.get(name)?.value ? [Number(settings.get(name)!.value)] : []))
  const transactions = Math.min(...values('transaction.max.timeout.ms'))
  if (transactions < TRANSACTION_TIMEOUT_MS)
    found.problems.push(
      `transaction.max.timeout.ms is ${transactions} on a broker; the platform's transactions need ${TRANSACTION_TIMEOUT_MS}.`,
    )
  if (deps.replicationFactor === 1) return found
  const lag = Math.max(...values('replica.lag.time.max.ms'))
  if (lag > REPLICA_LAG_MS)
    found.warnings.push(
      `replica.lag.time.max.ms is ${lag}: writes wait up to 10 s for a broker that dies. 2000 is recommended (docs/operations.md).`,
    )
  const replicas = Math.min(...values('transaction.state.log.replication.factor'))
  if (replicas < deps.replicationFactor)
    found.warnings.push(
      `transaction.state.log.replication.factor is ${replicas}: no transaction ends while its only broker is away. 3 is recommended.`,
    )
  return found
}

/**
 * Undefined: the user may not read them, which the rights on the cluster show already, or the broker is unavailable.
 */
async function settingsOf(wire: Wire, node: number) {
  try {
    const [described] = await wire.send(node, describeConfigsRequest('broker', [String(node)], BROKER_SETTINGS))
    return described?.error ? undefined : described?.settings
  } catch (error) {
    if (error instanceof KafkaError) return undefined
    throw error
  }
}

/** A record from the future means that this machine's clock is behind. An old record proves nothing. */
async function clockOf(deps: { wire: Wire; clock: Clock; timedTopics: readonly string[] }): Promise<PreflightFindings> {
  const ahead = await Promise.all(deps.timedTopics.map(topic => newestTime(deps.wire, topic)))
  const aheadMs = Math.max(0, ...ahead) - deps.clock.machineMs()
  if (aheadMs <= CLOCK_MS) return none()
  const sentence = `The clock of this machine is ${Math.round(aheadMs / 1_000)} s behind that of a broker: synchronise both (NTP).`
  return { problems: [], warnings: [sentence] }
}

async function newestTime(wire: Wire, topic: string): Promise<number> {
  await wire.cluster.load([topic])
  const leader = wire.cluster.leader(topic, 0)
  return leader === undefined ? -1 : wire.send(leader.node, newestTimeRequest(topic, 0)).catch(() => -1)
}
