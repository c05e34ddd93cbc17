/**
 * The distance of an event from outside (docs/specification/events.md#chains). A delivery carries its position in the
 * chain as a signed token (`X-Event-Chain`); a receiver that emits again because of it returns the token
 * (`chainToken`), so that loops through outside systems end too. A forged token is ignored.
 */
import { type SigningKey, sameTag, sign, signingKeys } from '../crypto/signing-key.ts'

/** Depths 0 to 50 exist; the emit that would be the 51st hop is refused. */
export const CHAIN_DEPTH_MAX = 50
/** Most steps of the path that a token carries; the newest are kept. */
export const CHAIN_PATH_MAX = 50
/** The emit that would be the tenth through the same webhook or workflow is refused. */
export const CHAIN_REPEATS_MAX = 10

/** The path extended by one step. */
export const pathThrough = (path: string[], id: string): string[] => [...path, id].slice(-CHAIN_PATH_MAX)

/** The id that the chain has passed too often; the token's own is the last of the path. */
export function mostRepeated(path: readonly string[]): string | undefined {
  if (path.length < CHAIN_REPEATS_MAX) return undefined
  const counts = new Map<string, number>()
  for (const id of path) counts.set(id, (counts.get(id) ?? 0) + 1)
  return path.find(id => counts.get(id)! >= CHAIN_REPEATS_MAX)
}

export interface ChainLink {
  /** The event from outside that started the chain. */
  rootEventId: string
  /** Depth of the delivered event. */
  depth: number
  /** The delivered event: the cause of every emit with this token. */
  eventId: string
  organizationId: string
  /** Ids of the workflows and webhooks passed through, this delivery's webhook last; the newest `CHAIN_PATH_MAX`. */
  path: string[]
}

export interface ChainTokens {
  sign(link: ChainLink): string
  /** Undefined unless this installation signed the token. Never throws. */
  verify(token: string): ChainLink | undefined
}

/** Fifty ids and the other parts of a token. */
export const TOKEN_CHARACTERS_MAX = 2_048
/** 128 bits of the HMAC, base64url. */
const TAG_CHARACTERS = 22

/** Token: `c2.<depth>.<event>.<root, or empty when it is the event>.<organization>.<path, comma-separated>.<tag>`. */
export function createChainTokens(secretKey: string, previousSecretKey?: string): ChainTokens {
  const keys = signingKeys(secretKey, previousSecretKey, 'chain/2')
  const tagOf = (body: string, key: SigningKey = keys[0]): string => sign(key, body).slice(0, TAG_CHARACTERS)

  return {
    sign({ rootEventId, depth, eventId, organizationId, path }) {
      const root = rootEventId === eventId ? '' : rootEventId
      const body = `c2.${depth}.${eventId}.${root}.${organizationId}.${path.join(',')}`
      return `${body}.${tagOf(body)}`
    },
    verify(token) {
      if (token.length > TOKEN_CHARACTERS_MAX) return undefined
      const parts = token.split('.')
      if (parts.length !== 7 || parts[0] !== 'c2') return undefined
      const tagAt = token.lastIndexOf('.')
      const [body, tag] = [token.slice(0, tagAt), token.slice(tagAt + 1)]
      if (!keys.some(key => sameTag(tagOf(body, key), tag))) return undefined
      const [, depth, eventId, root, organizationId, path] = parts as [string, string, string, string, string, string]
      return {
        rootEventId: root || eventId,
        depth: Number(depth),
        eventId,
        organizationId,
        path: path === '' ? [] : path.split(','),
      }
    },
  }
}
