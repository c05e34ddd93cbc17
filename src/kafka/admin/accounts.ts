/**
 * Broker users other than the platform: their passwords (SCRAM-SHA-512), their ACLs and their client quotas. This file
 * does not know whose they are.
 */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { alterUserQuotas, listScramUsers, putScramUsers } from '../protocol/account-requests.ts'
import { type KafkaSettings, openWire, type Wire, type WireRequest } from '../protocol/wire.ts'
import { type AclEntry, createAclsRequest, deleteAclsRequest, describeAclsRequest } from './acl-requests.ts'
import { explained } from './advice.ts'

/** Kafka's minimum. More would slow down guessing, and 256 random bits cannot be guessed. */
const ITERATIONS = 4_096
/** This iteration count marks a locked user. */
const LOCKED_ITERATIONS = 4_097
const derive = promisify(pbkdf2)

/** One permission of a user. */
export interface Grant {
  resource: 'topic' | 'group' | 'transactional-id'
  name: string
  /** `prefix`: everything whose name begins with it. */
  pattern: 'exact' | 'prefix'
  operation: 'read' | 'write' | 'describe' | 'alter-configs'
}

/** Bytes per second; null: no limit. */
export interface ByteRates {
  produce: number | null
  consume: number | null
}

/**
 * Every call may be repeated. All reject with an error of the broker (`SECURITY_DISABLED`: it has no authorizer) or of
 * the connection.
 */
export interface Accounts {
  /** The user may log in when this resolves, and may do nothing yet. */
  createUser(name: string, password: string): Promise<void>
  /**
   * Locks users: each gets a random password that is not kept. Kafka could remove users, but must not: a broker that
   * starts from a log in which users were removed may forget all others, ours included (`ScramDelta.apply` of 4.3.1
   * drops the mechanism when the first user that it reads is a removed one).
   */
  lockUsers(names: readonly string[]): Promise<void>
  /** Without those that are locked. */
  listUsers(): Promise<string[]>
  /** The permissions of each user. */
  listGrants(): Promise<Map<string, Grant[]>>
  /** Adds permissions, with effect on open sessions too. */
  grant(user: string, grants: readonly Grant[]): Promise<void>
  /** Removes all permissions of these users, with effect on open sessions too. */
  revoke(users: readonly string[]): Promise<void>
  setRates(rates: ReadonlyMap<string, ByteRates>): Promise<void>
  close(): Promise<void>
}

/** Connects with the first call. */
export function createAccounts(deps: { kafka: KafkaSettings; random: Random; logger: Logger }): Accounts {
  let wire: Promise<Wire> | undefined

  async function connect(): Promise<Wire> {
    wire ??= openWire(deps.kafka, deps.logger)
    try {
      return await wire
    } catch (error) {
      wire = undefined
      throw error
    }
  }

  /** Any broker forwards it to the controller. `what`: for the error. */
  async function send<T>(request: WireRequest<T>, what: string): Promise<T> {
    try {
      return await (await connect()).sendToAny(request)
    } catch (error) {
      throw explained(error, what)
    }
  }

  async function credential(name: string, password: string | Buffer, iterations: number) {
    const salt = deps.random.bytes(32)
    return { name, iterations, salt, saltedPassword: await derive(password, salt, iterations, 64, 'sha512') }
  }

  return {
    createUser: async (name, password) =>
      send(putScramUsers([await credential(name, password, ITERATIONS)]), 'a Kafka user cannot be made'),
    async lockUsers(names) {
      const locked = await Promise.all(names.map(name => credential(name, deps.random.bytes(32), LOCKED_ITERATIONS)))
      if (locked.length > 0) await send(putScramUsers(locked), 'Kafka users cannot be locked')
    },
    async listUsers() {
      const users = await send(listScramUsers(), 'the Kafka users cannot be listed')
      return users.filter(({ iterations }) => iterations !== LOCKED_ITERATIONS).map(({ name }) => name)
    },
    listGrants: async () => grantsOf(await send(describeAclsRequest(), 'the rights of Kafka users cannot be read')),
    async grant(user, grants) {
      if (grants.length > 0)
        await send(createAclsRequest(grants.map(grant => entryOf(user, grant))), 'Kafka users get no rights')
    },
    async revoke(users) {
      if (users.length > 0) await send(deleteAclsRequest(users.map(principalOf)), 'Kafka users keep their rights')
    },
    setRates: async rates => {
      const users = [...rates].map(([name, { produce, consume }]) => ({
        name,
        quotas: { producer_byte_rate: produce, consumer_byte_rate: consume },
      }))
      if (users.length > 0) await send(alterUserQuotas(users), 'the rates of Kafka users cannot be set')
    },
    async close() {
      await wire?.then(open => open.close()).catch(() => undefined)
    },
  }
}

const PRINCIPAL = 'User:'
const principalOf = (user: string) => `${PRINCIPAL}${user}`

// Kafka's numbers (org.apache.kafka.common.resource, .acl).
const RESOURCES = { topic: 2, group: 3, 'transactional-id': 5 } as const
const PATTERNS = { exact: 3, prefix: 4 } as const
const OPERATIONS = { read: 3, write: 4, describe: 8, 'alter-configs': 11 } as const
const ALLOW = 3

const entryOf = (user: string, { resource, name, pattern, operation }: Grant): AclEntry => ({
  resourceType: RESOURCES[resource],
  resourceName: name,
  patternType: PATTERNS[pattern],
  principal: principalOf(user),
  host: '*',
  operation: OPERATIONS[operation],
  permission: ALLOW,
})

/** Leaves out entries of other kinds (another resource, a denial): they are the operator's. */
function grantsOf(entries: readonly AclEntry[]): Map<string, Grant[]> {
  const byUser = new Map<string, Grant[]>()
  for (const entry of entries) {
    const resource = nameOf(RESOURCES, entry.resourceType)
    const pattern = nameOf(PATTERNS, entry.patternType)
    const operation = nameOf(OPERATIONS, entry.operation)
    if (!resource || !pattern || !operation || entry.permission !== ALLOW) continue
    const user = entry.principal.slice(PRINCIPAL.length)
    byUser.set(user, [...(byUser.get(user) ?? []), { resource, name: entry.resourceName, pattern, operation }])
  }
  return byUser
}

const nameOf = <Name extends string>(codes: Record<Name, number>, code: number): Name | undefined =>
  (Object.keys(codes) as Name[]).find(name => codes[name] === code)
