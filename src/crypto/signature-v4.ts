/** AWS Signature Version 4 in the header Authorization, as verifiers need it (AWS General Reference, "Signing"). */
import { createHash, createHmac } from 'node:crypto'

export interface SignatureV4 {
  accessKeyId: string
  /** `20260731` */
  date: string
  region: string
  service: string
  /** In lower case, sorted. */
  signedHeaders: string[]
  /** Hexadecimal. */
  signature: string
}

export interface SignedRequest {
  method: string
  /** As it came, encoded. */
  path: string
  query: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string | undefined>>
  /** `x-amz-date`: `20260731T010203Z`. */
  dateTime: string
  body: Buffer
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request\s*,\s*SignedHeaders=([a-z0-9;_-]+)\s*,\s*Signature=([0-9a-f]{64})\s*$/

/** Undefined: the header is another, or no header. */
export function parseSignature(authorization: string): SignatureV4 | undefined {
  const found = AUTHORIZATION.exec(authorization)
  if (found === null) return undefined
  const [, accessKeyId, date, region, service, headers, signature] = found as unknown as string[]
  return {
    ...{ accessKeyId: accessKeyId!, date: date!, region: region!, service: service! },
    ...{ signedHeaders: headers!.split(';'), signature: signature! },
  }
}

/** The signature that the holder of the secret makes. */
export function signatureOf(secret: string, request: SignedRequest, signed: SignatureV4): string {
  const { date, region, service } = signed
  const scope = `${date}/${region}/${service}/aws4_request`
  const text = [ALGORITHM, request.dateTime, scope, sha256(canonicalRequest(request, signed))].join('\n')
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secret}`,
  )
  return createHmac('sha256', key).update(text).digest('hex')
}

function canonicalRequest({ method, path, query, headers, body }: SignedRequest, { signedHeaders }: SignatureV4) {
  const lines = signedHeaders.map(name => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`)
  return [
    method,
    canonicalPath(path),
    canonicalQuery(query),
    lines.join(''),
    signedHeaders.join(';'),
    sha256(body),
  ].join('\n')
}

/** Dots and empty segments are gone; what is encoded is encoded once more. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encoded(segment))
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

function canonicalQuery(query: string): string {
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => [encoded(name), encoded(value)] as const)
  return pairs
    .sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
    .map(pair => pair.join('='))
    .join('&')
}

/** RFC 3986: only unreserved characters stay. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')
