/** From where a call of a browser comes: over which scheme, from which page, and whether the page is ours. */
import type { IncomingHttpHeaders } from 'node:http'
import { ClarionError } from '../../model/codes.ts'

const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i
const READING = new Set(['GET', 'HEAD', 'OPTIONS'])

/** By the proxy in front of the platform, which ends TLS. */
export const isSecure = (headers: IncomingHttpHeaders): boolean =>
  first(headers['x-forwarded-proto'])?.toLowerCase() === 'https'

export const isReading = (method: string): boolean => READING.has(method)

/** The installation as its caller names it: `https://console.example.com`. */
export const baseOf = (headers: IncomingHttpHeaders): string =>
  `${isSecure(headers) ? 'https' : 'http'}://${headers.host ?? 'localhost'}`

/** Throws `https_required`: a browser keeps neither the cookie nor the secret of a sign-in over plain http. */
export function refusePlainHttp(headers: IncomingHttpHeaders, address: string | undefined): void {
  if (isSecure(headers)) return
  if (LOOPBACK_HOST.test(headers.host ?? '') && (address === undefined || LOOPBACK_ADDRESS.test(address))) return
  throw new ClarionError(
    'https_required',
    'Sign-in over plain http works on this machine alone: open the console by https, behind a proxy that sets X-Forwarded-Proto.',
  )
}

/** A sign-in from another page. Programs send no such header. Throws `session_refused`. */
export function refuseOtherSite(headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') throw refused('sec-fetch-site', 'must be same-origin')
}

/**
 * A cookie travels with calls of any page, so the headers must prove that ours made it: a browser sets the first, and a
 * form cannot set the second. Throws `session_refused`.
 */
export function requireOwnPage(headers: IncomingHttpHeaders, method: string): void {
  if (headers['sec-fetch-site'] !== 'same-origin') throw refused('sec-fetch-site', 'must be same-origin')
  if (!isReading(method) && headers['x-clarion-console'] !== '1') throw refused('x-clarion-console', 'must be 1')
  const { origin, host } = headers
  if (origin !== undefined && hostOf(origin) !== host?.toLowerCase()) throw refused('origin', 'must be of this console')
}

function refused(header: string, message: string): ClarionError {
  return new ClarionError(
    'session_refused',
    `The header ${header} ${message}: the cookie of a session counts only then.`,
    {
      details: [{ path: `/headers/${header}`, rule: 'session', message }],
    },
  )
}

function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin)
  return url === null ? undefined : url.host.toLowerCase()
}

function first(value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value[0] : value
  return text?.split(',')[0]?.trim()
}
