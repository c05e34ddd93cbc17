/**
 * Domains and their certificates. A domain that is verified gets a certificate after a while; 14 days before it expires
 * it says so, and verifying the domain once more renews it, also when it has expired.
 */
import { ClarionError } from '../model/codes.ts'
import { type Command, change, changed, findEntry, invalidTransition, newEntry, type Situation } from './change.ts'
import type { Domain, Entry } from './kinds.ts'

const DAY_MS = 86_400_000
const CERTIFICATE_DAYS = 90
const WARNED_DAYS = 14

export const addDomain: Command = ({ body }, situation) => {
  const hostname = (body as { hostname: string }).hostname.toLowerCase()
  for (const { fields } of situation.books.all('domain'))
    if (fields.hostname === hostname && fields.status !== 'removed')
      throw new ClarionError('conflict', `The domain ${hostname} is there already.`)
  const entry = newEntry('domain', { hostname, status: 'added', certificate: null }, situation)
  return change([entry], [{ type: 'domain.added', data: dataOf(entry) }], { status: 201 })
}

export const verifyDomain: Command = (given, situation) => {
  const entry = findEntry(situation, 'domain', given)
  const { status, certificate } = entry.fields
  const { certificate_days: days = CERTIFICATE_DAYS } = given.body as { certificate_days?: number }
  const renews = status === 'verified' && ['expiring', 'expired'].includes(certificate?.status ?? '')
  if (status !== 'added' && !renews)
    throw invalidTransition(
      'domain',
      status,
      'verified',
      'Only one that was added, or whose certificate expires or has expired, can.',
    )
  const dueAtMs = situation.nowMs + situation.timings.certificateMs
  const pending = { status: 'pending', days, expires_at: certificate?.expires_at ?? null } as const
  const next = changed(entry, { status: 'verified', certificate: pending }, situation, { dueAtMs })
  return change([next], renews ? [] : [{ type: 'domain.verified', data: dataOf(next) }])
}

export function domainDue(entry: Entry<'domain'>, situation: Situation) {
  const certificate = entry.fields.certificate!
  if (certificate.status === 'pending') return provision(entry, certificate.days, situation)
  return certificate.status === 'provisioned' ? warn(entry, situation) : expire(entry, situation)
}

function provision(entry: Entry<'domain'>, days: number, situation: Situation) {
  const expires_at = situation.nowMs + days * DAY_MS
  const dueAtMs = Math.max(situation.nowMs, expires_at - WARNED_DAYS * DAY_MS)
  const certificate = { status: 'provisioned', days, expires_at } as const
  const next = changed(entry, { certificate }, situation, { dueAtMs })
  return change([next], [{ type: 'cert.provisioned', data: dataOf(next) }])
}

function warn(entry: Entry<'domain'>, situation: Situation) {
  const certificate = { ...entry.fields.certificate!, status: 'expiring' } as const
  const next = changed(entry, { certificate }, situation, { dueAtMs: certificate.expires_at })
  return change([next], [{ type: 'cert.expiring', data: dataOf(next) }])
}

/** No type of the catalogue says so: `cert.expiring` has named the time. */
function expire(entry: Entry<'domain'>, situation: Situation) {
  const certificate = { ...entry.fields.certificate!, status: 'expired' } as const
  return change([changed(entry, { certificate }, situation)], [])
}

export const removeDomain: Command = (given, situation) => {
  const entry = findEntry(situation, 'domain', given)
  const { status } = entry.fields
  if (status === 'removed') throw invalidTransition('domain', status, 'removed', 'It is gone for good.')
  const next = changed(entry, { status: 'removed' }, situation, { hasEnded: true })
  return change([next], [{ type: 'domain.removed', data: dataOf(next) }])
}

function dataOf({ id, fields }: Entry<'domain'>) {
  const { hostname, status, certificate }: Domain = fields
  const expiresAt = certificate?.expires_at ?? null
  return {
    hostname,
    domain_id: id,
    status,
    ...(expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() }),
  }
}
