/** `clarion doctor`: what is wrong between this machine and the platform. */
import { ClarionApiError, ClarionConnectionError } from '../client/errors.ts'
import { USER_AGENT } from '../client/exchange.ts'
import type { Command, Context } from './command.ts'
import { isWrongKey } from './login.ts'

const CLOCK_DIFFERENCE_S = 60
const EXPIRES_SOON_DAYS = 7
const DAY_MS = 86_400_000

interface Finding {
  check: string
  state: 'good' | 'bad' | 'unsure'
  message: string
}

export const doctor: Command = {
  name: 'doctor',
  positionals: [],
  sentence: 'Check the address, TLS, clocks, the key, its scopes and the versions. Exits with 1 if something is wrong.',
  options: {},
  async run(context) {
    const findings = [...(await checkAddress(context)), ...(await checkKey(context))]
    context.print.table(findings, ['check', 'state', 'message'])
    return findings.some(({ state }) => state === 'bad') ? 1 : 0
  },
}

async function checkAddress({ place, clock, signal }: Context): Promise<Finding[]> {
  const found: Finding[] = [{ check: 'address', state: 'good', message: `${place.url} (${place.urlFrom})` }]
  const { protocol, hostname } = new URL(place.url)
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
  if (protocol === 'http:' && !isHere)
    found.push({ check: 'tls', state: 'unsure', message: 'the key travels without TLS' })
  try {
    const base = place.url.replace(/\/+$/, '').replace(/\/api\/v1$/, '')
    const response = await fetch(`${base}/openapi.json`, { signal, redirect: 'manual' })
    const document = (await response.json()) as { info?: { title?: string; version?: string } }
    if (document.info?.title !== 'Clarion') throw new Error('something else answers there')
    found.push({ check: 'platform', state: 'good', message: `Clarion ${document.info.version}; ${USER_AGENT}` })
    found.push(clockFinding(response.headers.get('date'), clock.nowMs()))
  } catch (error) {
    const { cause, message } = error as Error & { cause?: Error }
    found.push({ check: 'platform', state: 'bad', message: cause?.message || message })
  }
  return found
}

function clockFinding(date: string | null, nowMs: number): Finding {
  const differenceS = Math.round(Math.abs(Date.parse(date ?? '') - nowMs) / 1_000)
  if (!Number.isFinite(differenceS)) return { check: 'clock', state: 'unsure', message: 'the answer has no date' }
  const isGood = differenceS <= CLOCK_DIFFERENCE_S
  return { check: 'clock', state: isGood ? 'good' : 'bad', message: `${differenceS} s from that of the platform` }
}

async function checkKey({ place, client, clock, signal }: Context): Promise<Finding[]> {
  if (place.key === undefined)
    return [{ check: 'key', state: 'bad', message: 'there is none: clarion login, or CLARION_API_KEY' }]
  try {
    const caller = (await client().whoami({ signal })) as unknown as {
      organization: { name: string; status: string } | null
      key: { environment: string; scopes: string[]; expiresAt: string | null } | null
    }
    const { key, organization } = caller
    if (key === null || organization === null) return [{ check: 'key', state: 'unsure', message: "the operator's key" }]
    const leftMs = key.expiresAt === null ? undefined : Date.parse(key.expiresAt) - clock.nowMs()
    const isSoon = leftMs !== undefined && leftMs < EXPIRES_SOON_DAYS * DAY_MS
    return [
      {
        check: 'key',
        state: isSoon ? 'unsure' : 'good',
        message: `${key.environment}, from ${place.keyFrom}, expires ${key.expiresAt ?? 'never'}`,
      },
      {
        check: 'organization',
        state: organization.status === 'active' ? 'good' : 'bad',
        message: `${organization.name} is ${organization.status}`,
      },
      { check: 'scopes', state: 'good', message: key.scopes.join(' ') },
    ]
  } catch (error) {
    if (isWrongKey(error)) return [{ check: 'key', state: 'bad', message: 'it is unknown, expired or deleted' }]
    if (error instanceof ClarionApiError || error instanceof ClarionConnectionError)
      return [{ check: 'key', state: 'bad', message: error.message }]
    throw error
  }
}
