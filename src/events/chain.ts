/**
 * How far an event is from outside (C.5.8). A delivery carries its place in the chain as a signed token (`X-Event-Chain`); who emits again
 * because of it gives the token back (`chainToken`), so that loops through the outside end too. A forged token counts for nothing.
 */
import { sameTag, sign, signingKey } from './keys.ts'

/** Depths 0 to 50 exist; the emit that would be the 51st hop is refused. */
export const CHAIN_DEPTH_MAX = 50

export interface ChainLink {
  /** The event from outside that began it. */
  rootEventId: string
  /** Of the event that was delivered. */
  depth: number
  /** The event that was delivered: the cause of whatever is emitted with the token. */
  eventId: string
  organizationId: string
}

export interface ChainTokens {
  sign(link: ChainLink): string
  /** Undefined when the token is not one of ours. Never throws. */
  verify(token: string): ChainLink | undefined
}

const TOKEN_CHARACTERS_MAX = 255
/** 128 bits of the HMAC, base64url. */
const TAG_CHARACTERS = 22

/** Token: `c1.<depth>.<event>.<root, or nothing when it is the event>.<organization>.<tag>`. */
export function createChainTokens(secretKey: string): ChainTokens {
  const key = signingKey(secretKey, 'chain/1')
  const tagOf = (body: string): string => sign(key, body).slice(0, TAG_CHARACTERS)

  return {
    sign({ rootEventId, depth, eventId, organizationId }) {
      const root = rootEventId === eventId ? '' : rootEventId
      const body = `c1.${depth}.${eventId}.${root}.${organizationId}`
      return `${body}.${tagOf(body)}`
    },
    verify(token) {
      if (token.length > TOKEN_CHARACTERS_MAX) return undefined
      const parts = token.split('.')
      if (parts.length !== 6 || parts[0] !== 'c1') return undefined
      const tagAt = token.lastIndexOf('.')
      if (!sameTag(tagOf(token.slice(0, tagAt)), token.slice(tagAt + 1))) return undefined
      const [, depth, eventId, root, organizationId] = parts as [string, string, string, string, string]
      return { rootEventId: root || eventId, depth: Number(depth), eventId, organizationId }
    },
  }
}
