/**
 * Stream tokens, for browsers, whose EventSource sets no headers. A token contains its question and is signed, so any api
 * process reads it without a store. It opens a stream for a minute; until it expires it resumes one, only with a cursor
 * that a stream of this token gave out: such a cursor ends in `~<tag>`, which is made from the token's id.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Clock } from '../../clock.ts'
import { type SigningKey, sameTag, sign } from '../../crypto/signing-key.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'

export interface StreamToken extends Owner {
  id: string
  keyId: string
  types: string
  subject?: string
  filter?: string
  allowedOrigins: string[]
  openUntilMs: number
  expiresAtMs: number
}

export type NewStreamToken = Omit<StreamToken, 'id' | 'openUntilMs' | 'expiresAtMs'> & { ttlSeconds: number }

export interface StreamTokens {
  /** Throws `validation_failed` when it would be too long for a URL. */
  issue(wanted: NewStreamToken): { token: string; openUntilMs: number; expiresAtMs: number }
  /** Throws `unauthorized` for anything that this installation did not issue, and after its end. */
  read(text: string): StreamToken
  /** Behind each cursor of its streams: `~` and 14 characters. */
  tagOf(token: StreamToken): string
  /**
   * The cursor of a call with this token. Throws `unauthorized` when the token opens no more, and the cursor is none of
   * its own streams.
   */
  checkOpening(token: StreamToken, cursor: string | undefined): void
}

export const TOKEN_START = 'cst_'
export const TTL_S = { default: 3_600, most: 43_200 } as const
const OPENS_MS = 60_000
/** Proxies and servers take lines of 8 KB; the rest of the URL needs some of it. */
const TOKEN_CHARACTERS_MAX = 6_000
const TAG_CHARACTERS = 14
const CONTENT_BYTES_MAX = 64 * 1024

/** `keys`: the first one signs, each of them verifies (`signingKeys`). */
export function createStreamTokens(deps: {
  keys: readonly [SigningKey, ...SigningKey[]]
  clock: Clock
  ids: Ids
}): StreamTokens {
  const { keys, clock } = deps

  const tagBy = (key: SigningKey, id: string) => `~${sign(key, `tag/${id}`).slice(0, TAG_CHARACTERS)}`

  function read(text: string): StreamToken {
    const [content = '', mac = '', ...more] = text.slice(TOKEN_START.length).split('.')
    const isOurs = keys.some(key => sameTag(sign(key, `token/${content}`), mac))
    if (!text.startsWith(TOKEN_START) || more.length > 0 || !isOurs) throw unknown()
    const token = unpack(content)
    if (token.expiresAtMs <= clock.nowMs()) throw expired('has expired')
    return token
  }

  return {
    issue({ ttlSeconds, ...wanted }) {
      const nowMs = clock.nowMs()
      const expiresAtMs = nowMs + ttlSeconds * 1_000
      const openUntilMs = Math.min(nowMs + OPENS_MS, expiresAtMs)
      const content = pack({ ...wanted, id: deps.ids.next('stk'), openUntilMs, expiresAtMs })
      const token = `${TOKEN_START}${content}.${sign(keys[0], `token/${content}`)}`
      if (token.length > TOKEN_CHARACTERS_MAX) throw tooLong()
      return { token, openUntilMs, expiresAtMs }
    },
    read,
    tagOf: ({ id }) => tagBy(keys[0], id),
    checkOpening(token, cursor) {
      const tag = cursor === undefined ? undefined : splitTag(cursor).tag
      const isOwn = tag !== undefined && keys.some(key => sameTag(tagBy(key, token.id), tag))
      if (isOwn || clock.nowMs() < token.openUntilMs) return
      throw expired('opens streams for a minute only, and resumes one only with the id of an event of its own streams')
    },
  }
}

/** A cursor and the tag of the token whose stream gave it out. */
export function splitTag(text: string): { cursor: string; tag: string | undefined } {
  const at = text.indexOf('~')
  return at < 0 ? { cursor: text, tag: undefined } : { cursor: text.slice(0, at), tag: text.slice(at) }
}

const pack = (token: StreamToken): string => deflateRawSync(JSON.stringify(token)).toString('base64url')

/** Only what the signature covers is unpacked. */
function unpack(content: string): StreamToken {
  const bytes = inflateRawSync(Buffer.from(content, 'base64url'), { maxOutputLength: CONTENT_BYTES_MAX })
  return JSON.parse(bytes.toString('utf8')) as StreamToken
}

const unknown = () => new ClarionError('unauthorized', 'The stream token is not known: ask your server for a new one.')

const expired = (what: string) =>
  new ClarionError('unauthorized', `The stream token ${what}: ask your server for a new one.`)

function tooLong(): ClarionError {
  const message = 'selectors, filter and origins are too long together for a token: its URL would not be accepted'
  const details = [{ path: '/types', rule: 'too_long', message }]
  return new ClarionError('validation_failed', `The token cannot be made: ${message}.`, { details })
}
