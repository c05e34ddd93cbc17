/** The headers of every answer of the console: what its page may load, and who may embed it. */
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Nothing comes from elsewhere, no text becomes a script, and no page frames the console. Styles of elements are set by
 * property, never by attribute.
 */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src-elem 'self'",
  "style-src-attr 'none'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  vary: 'accept-encoding',
}

/** A proxy in front of the platform that ends TLS says so. */
export const consoleHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  String(headers['x-forwarded-proto'] ?? '').split(',')[0] === 'https'
    ? { ...HEADERS, 'strict-transport-security': 'max-age=31536000' }
    : HEADERS
