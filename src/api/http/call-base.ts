/** The address by which a caller has reached this process: `https://clarion.example`, as its proxies say, or as the connection is. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

const HOST = /^[A-Za-z0-9.:[\]_-]{1,255}$/

/** As the operator says, else as the call does. */
export function publicBaseOf(publicUrl: string | undefined, call: Parameters<typeof baseOf>[0]): string {
  return publicUrl === undefined ? baseOf(call) : new URL(publicUrl).origin
}

/** It is shown to this caller alone, so what its own headers say does no harm. */
export function baseOf({ headers, socket }: Pick<IncomingMessage, 'headers'> & { socket?: unknown }): string {
  const given = first(headers['x-forwarded-host']) ?? headers.host ?? ''
  const host = HOST.test(given) ? given : 'localhost'
  const forwarded = first(headers['x-forwarded-proto'])
  const isTls = forwarded === undefined ? socket instanceof TLSSocket : forwarded === 'https'
  return `${isTls ? 'https' : 'http'}://${host}`
}

const first = (header: string | string[] | undefined): string | undefined =>
  (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim()
