/**
 * Users of the broker that are not the platform: their passwords (SCRAM-SHA-512), what they may do (ACLs) and how fast (client quotas).
 * Whose they are and why is not known here.
 */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { type AclEntry, type Admin, default as kafkajs } from 'kafkajs'
import { control } from '../../../topics/control.ts'
import type { Random } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import { alterUserQuotas, listScramUsers, putScramUsers } from '../protocol/account-requests.ts'
import { createClient } from '../protocol/client.ts'
import { KafkaError, type KafkaSettings, openWire, type Wire, type WireRequest } from '../protocol/wire.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
/** The fewest that Kafka takes. More would slow down a guess, and nobody guesses 256 random bits. */
const ITERATIONS = 4_096
/** By this number a user is known who may never log in again. */
const LOCKED_ITERATIONS = 4_097
const derive = promisify(pbkdf2)

/** One thing that a user may do. */
export interface Grant {
  resource: 'topic' | 'group' | 'transactional-id'
  name: string
  /** `prefix`: everything whose name begins so. */
  pattern: 'exact' | 'prefix'
  operation: 'read' | 'write' | 'describe'
}

/** Bytes per second; null: no bound. */
export interface ByteRates {
  produce: number | null
  consume: number | null
}

/** Every call may be repeated. All reject with an error of the broker (`SECURITY_DISABLED`: it has no authorizer) or of the connection. */
export interface Accounts {
  /** The user may log in when this resolves, and may do nothing yet. */
  createUser(name: string, password: string): Promise<void>
  /**
   * None of them can log in any more: each gets a password that nobody knows. Kafka could remove users, but must not: a broker that starts from
   * a log in which users were removed may forget all others, ours included (`ScramDelta.apply` of 4.3.1 drops the mechanism when the first user
   * that it comes to is a removed one).
   */
  lockUsers(names: readonly string[]): Promise<void>
  /** Without those that are locked. */
  listUsers(): Promise<string[]>
  /** What each user may do. */
  listGrants(): Promise<Map<string, Grant[]>>
  /** Adds. In force on sessions that are open, too. */
  grant(user: string, grants: readonly Grant[]): Promise<void>
  /** Takes everything away from these users, on sessions that are open, too. */
  revoke(users: readonly string[]): Promise<void>
  setRates(rates: ReadonlyMap<string, ByteRates>): Promise<void>
  close(): Promise<void>
}

/** Connects when it is first asked. */
export function createAccounts(deps: { kafka: KafkaSettings; random: Random; logger: Logger }): Accounts {
  let wire: Promise<Wire> | undefined
  let admin: Promise<Admin> | undefined

  async function send<T>(request: WireRequest<T>): Promise<T> {
    wire ??= openWire(deps.kafka, deps.logger)
    try {
      const open = await wire
      const [topic] = await open.metadata([control.name])
      return await open.send(topic?.partitions[0]?.leader ?? -1, request)
    } catch (error) {
      const failed = wire
      wire = undefined
      await failed?.then(open => open.close()).catch(() => undefined)
      throw error
    }
  }

  async function administer<T>(call: (admin: Admin) => Promise<T>): Promise<T> {
    admin ??= connected()
    try {
      return await call(await admin)
    } catch (error) {
      const failed = admin
      admin = undefined
      await failed?.then(open => open.disconnect()).catch(() => undefined)
      const { type, message } = error as { type?: string; message?: string }
      throw new KafkaError(type ?? 'CONNECTION', message ?? String(error), { cause: error })
    }
  }

  async function connected(): Promise<Admin> {
    const made = createClient(deps.kafka).admin()
    await made.connect()
    return made
  }

  async function credential(name: string, password: string | Buffer, iterations: number) {
    const salt = deps.random.bytes(32)
    return { name, iterations, salt, saltedPassword: await derive(password, salt, iterations, 64, 'sha512') }
  }

  return {
    createUser: async (name, password) => send(putScramUsers([await credential(name, password, ITERATIONS)])),
    async lockUsers(names) {
      const locked = await Promise.all(names.map(name => credential(name, deps.random.bytes(32), LOCKED_ITERATIONS)))
      if (locked.length > 0) await send(putScramUsers(locked))
    },
    async listUsers() {
      const users = await send(listScramUsers())
      return users.filter(({ iterations }) => iterations !== LOCKED_ITERATIONS).map(({ name }) => name)
    },
    listGrants: () => administer(describeGrants),
    grant: (user, grants) =>
      administer(async open => {
        if (grants.length > 0) await open.createAcls({ acl: grants.map(grant => entryOf(user, grant)) })
      }),
    revoke: users =>
      administer(async open => {
        if (users.length > 0) await open.deleteAcls({ filters: users.map(user => ({ ...ANY, principal: principalOf(user) })) })
      }),
    setRates: async rates => {
      const users = [...rates].map(([name, { produce, consume }]) => ({
        name,
        quotas: { producer_byte_rate: produce, consumer_byte_rate: consume },
      }))
      if (users.length > 0) await send(alterUserQuotas(users))
    },
    async close() {
      await Promise.allSettled([wire?.then(open => open.close()), admin?.then(open => open.disconnect())])
    },
  }
}

const PRINCIPAL = 'User:'
const principalOf = (user: string) => `${PRINCIPAL}${user}`
const ANY = {
  resourceType: AclResourceTypes.ANY,
  resourcePatternType: ResourcePatternTypes.ANY,
  operation: AclOperationTypes.ANY,
  permissionType: AclPermissionTypes.ANY,
}

const RESOURCES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
} as const
const PATTERNS = { exact: ResourcePatternTypes.LITERAL, prefix: ResourcePatternTypes.PREFIXED } as const
const OPERATIONS = { read: AclOperationTypes.READ, write: AclOperationTypes.WRITE, describe: AclOperationTypes.DESCRIBE } as const

const entryOf = (user: string, { resource, name, pattern, operation }: Grant): AclEntry => ({
  resourceType: RESOURCES[resource],
  resourceName: name,
  resourcePatternType: PATTERNS[pattern],
  principal: principalOf(user),
  host: '*',
  operation: OPERATIONS[operation],
  permissionType: AclPermissionTypes.ALLOW,
})

/** Entries that are not of our making (another resource, a denial) are left out: they are the operator's. */
async function describeGrants(admin: Admin): Promise<Map<string, Grant[]>> {
  const { resources } = await admin.describeAcls(ANY as never)
  const byUser = new Map<string, Grant[]>()
  for (const { resourceType, resourceName, resourcePatternType, acls } of resources) {
    const resource = nameOf(RESOURCES, resourceType)
    const pattern = nameOf(PATTERNS, resourcePatternType)
    for (const { principal, operation: code, permissionType } of acls) {
      const operation = nameOf(OPERATIONS, code)
      if (!resource || !pattern || !operation || permissionType !== AclPermissionTypes.ALLOW) continue
      const user = principal.slice(PRINCIPAL.length)
      byUser.set(user, [...(byUser.get(user) ?? []), { resource, name: resourceName, pattern, operation }])
    }
  }
  return byUser
}

const nameOf = <Name extends string>(codes: Record<Name, number>, code: number): Name | undefined =>
  (Object.keys(codes) as Name[]).find(name => codes[name] === code)
