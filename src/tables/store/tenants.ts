/**
 * A schema and a login of the same name for each organization and environment. A session of an organization is that
 * login from its first byte on, so there is nothing that a statement could escape to.
 */
import { createHmac } from 'node:crypto'
import type { Owner } from '../../model/environments.ts'
import type { Session } from './session.ts'

const ROLE = /^o_[0-9a-z]{10,40}(?:_test)?$/
const CONNECTIONS_MAX = 8

/** Name of the schema and of its login. */
export function roleOf({ organizationId, environment }: Owner): string {
  const role = `o_${organizationId.replace(/^org_/, '')}${environment === 'test' ? '_test' : ''}`
  if (!ROLE.test(role)) throw new Error(`No name of a schema can be made of ${organizationId}`)
  return role
}

/** The organization and environment of a login. */
export const ownerOf = (role: string): Owner => ({
  organizationId: `org_${role.slice(2).replace(/_test$/, '')}`,
  environment: role.endsWith('_test') ? 'test' : 'live',
})

/** Nobody keeps the password: it follows from the installation's secret key. */
export const passwordOf = (secretKey: string, role: string): string =>
  createHmac('sha256', secretKey).update(`tables/${role}`).digest('base64url')

/** Bounds of every statement of the login; those that a server does not let its owner set are left out. */
const BOUNDS: ReadonlyArray<[name: string, value: string]> = [
  ['statement_timeout', '30s'],
  ['lock_timeout', '10s'],
  ['idle_in_transaction_session_timeout', '60s'],
  ['work_mem', '4MB'],
  ['max_parallel_workers_per_gather', '0'],
  ['jit', 'off'],
  ['timezone', 'UTC'],
  ['temp_file_limit', '64MB'],
]

export async function tenantExists(owner: Session, role: string): Promise<boolean> {
  return (await owner.run('select 1 from pg_catalog.pg_roles where rolname = $1', [role])).rowCount > 0
}

/** The names are of `ROLE`, the password of base64url: neither needs escaping. */
export async function createTenant(owner: Session, role: string, password: string, database: string): Promise<void> {
  await owner.run('begin')
  try {
    // One at a time: each grant changes the row of the database, and PostgreSQL refuses the second of two at once.
    await owner.run("select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('clarion.tenants'))")
    if (!(await tenantExists(owner, role))) {
      await owner.run(`create role ${role} login noinherit connection limit ${CONNECTIONS_MAX} password '${password}'`)
      await owner.run(`alter role ${role} set search_path = ${role}`)
      await owner.run(`grant connect on database ${quoted(database)} to ${role}`)
      await owner.run(`create schema ${role}`)
      await owner.run(`grant usage on schema ${role} to ${role}`)
    }
    await owner.run('commit')
  } catch (error) {
    await owner.run('rollback').catch(() => undefined)
    throw error
  }
  for (const [name, value] of BOUNDS)
    await owner.run(`alter role ${role} set ${name} = '${value}'`).catch(() => undefined)
}

/** After a change of the installation's secret key. */
export async function resetPassword(owner: Session, role: string, password: string): Promise<void> {
  await owner.run(`alter role ${role} password '${password}'`)
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
