/** The caller is the holder of an API key, who signs with the secret that is derived from it. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../clock.ts'
import type { AwsCredentials } from '../../../crypto/aws-credentials.ts'
import { parseSignature, type SignatureV4, type SignedRequest, signatureOf } from '../../../crypto/signature-v4.ts'
import { sameTag } from '../../../crypto/signing-key.ts'
import type { ApiKey } from '../../../model/api-keys.ts'
import type { ControlView } from '../../../model/control-view.ts'
import type { KeyHolder, KeyLookup } from '../../http/key-lookup.ts'
import { SqsError } from './errors.ts'

export type SqsCallers = (request: IncomingMessage, body: Buffer) => KeyHolder

/** How far a client's clock may be off. */
const SKEW_MS_MAX = 15 * 60_000

export function createSqsCallers(deps: {
  view: Pick<ControlView, 'keyById'>
  keys: Pick<KeyLookup, 'byId'>
  credentials: AwsCredentials
  clock: Clock
  /** `PUBLIC_URL`: its host may be the one that was signed. */
  publicUrl: string | undefined
  /** Called with every key that is accepted. */
  onUse(key: ApiKey): void
}): SqsCallers {
  const { view, keys, credentials, clock, publicUrl } = deps
  const publicHosts = publicUrl === undefined ? [] : [new URL(publicUrl).host]
  const hostsOf = (request: SignedRequest) => [...new Set([...givenHosts(request), ...publicHosts])]

  function holderOf(accessKeyId: string): KeyHolder {
    const key = view.keyById(accessKeyId)
    const holder = key && keys.byId(key.organizationId, key.id)
    if (holder === undefined || holder === 'deleted' || holder === 'expired')
      throw new SqsError(
        'InvalidClientTokenId',
        'The security token included in the request is invalid: the key is not known, or has expired.',
      )
    return holder
  }

  function checkTime({ dateTime }: SignedRequest, { date }: SignatureV4): void {
    const ms = timeOf(dateTime)
    if (ms === undefined || !dateTime.startsWith(date))
      throw new SqsError(
        'IncompleteSignature',
        'The header X-Amz-Date must be the time of the signature, such as 20260731T010203Z.',
      )
    const offMs = Math.abs(ms - clock.machineMs())
    if (offMs <= SKEW_MS_MAX) return
    const now = new Date(clock.machineMs()).toISOString()
    throw new SqsError(
      'SignatureDoesNotMatch',
      `Signature expired or not yet current: ${dateTime} is more than 15 minutes from ${now}.`,
    )
  }

  /** A proxy may have changed the host that was signed. */
  function isSignedBy(keyId: string, request: SignedRequest, signed: SignatureV4): boolean {
    return hostsOf(request).some(host => {
      const tried = { ...request, headers: { ...request.headers, host } }
      return credentials.secretsOf(keyId).some(secret => sameTag(signatureOf(secret, tried, signed), signed.signature))
    })
  }

  return (request, body) => {
    const { authorization } = request.headers
    if (authorization === undefined)
      throw new SqsError('MissingAuthenticationToken', 'The request is not signed (Signature Version 4).')
    const signed = parseSignature(authorization)
    if (signed === undefined)
      throw new SqsError(
        'IncompleteSignature',
        'The header Authorization is no signature of Version 4 with an access key, a scope, signed headers and a signature.',
      )
    if (signed.service !== 'sqs' || !signed.signedHeaders.includes('host'))
      throw new SqsError(
        'SignatureDoesNotMatch',
        'The credential must be scoped to the service sqs, and the host must be signed.',
      )
    const holder = holderOf(signed.accessKeyId)
    const given = requestOf(request, body)
    checkTime(given, signed)
    if (!isSignedBy(holder.key.id, given, signed))
      throw new SqsError(
        'SignatureDoesNotMatch',
        `The signature does not match. Verified for the host ${hostsOf(given).join(' and ')}: check the secret access key, and whether a proxy changes the host or the path.`,
      )
    deps.onUse(holder.key)
    return holder
  }
}

function requestOf(request: IncomingMessage, body: Buffer): SignedRequest {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value
  return { method: request.method ?? '', path, query, headers, dateTime: headers['x-amz-date'] ?? '', body }
}

const givenHosts = ({ headers }: SignedRequest): string[] => {
  const forwarded = headers['x-forwarded-host']?.split(',')[0]?.trim()
  return [headers.host ?? '', ...(forwarded === undefined || forwarded === '' ? [] : [forwarded])]
}

function timeOf(dateTime: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(dateTime)
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second] = found
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : ms
}
