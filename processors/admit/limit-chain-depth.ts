import {
  CHAIN_DEPTH_MAX,
  CHAIN_REPEATS_MAX,
  type ChainLink,
  type ChainTokens,
  mostRepeated,
} from '../../src/events/chain.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import { type Emit, type Progress, type Rejection, reject } from './emit.ts'

export interface ChainPosition {
  depth: number
  cause: ChainLink | undefined
  path: string[]
}

const OUTSIDE: ChainPosition = { depth: 0, cause: undefined, path: [] }

/**
 * A chain has depths 0 to 50, and may pass one webhook or workflow nine times (docs/specification/events.md#chains). A
 * token that this installation did not sign is ignored: the emit counts as coming from outside, at depth 0, and its
 * answer says so.
 */
export function limitChainDepth(emit: Emit, progress: Progress, chains: ChainTokens): ChainPosition | Rejection {
  const { chainToken } = emit.request
  if (chainToken === undefined) return OUTSIDE
  const cause = chains.verify(chainToken)
  if (!cause) {
    progress.warnings = ['chain_token_ignored']
    return OUTSIDE
  }
  progress.chain = cause
  const depth = cause.depth + 1
  if (depth > CHAIN_DEPTH_MAX) return refused(cause, 'depth', `has reached its cap of ${CHAIN_DEPTH_MAX}`)
  const repeated = mostRepeated(cause.path)
  if (repeated) return refused(cause, 'path', `has come through ${repeated} ${CHAIN_REPEATS_MAX} times`)
  return { depth, cause, path: cause.path }
}

/** An emit of a run: one deeper than the event that started it. A run that was started by hand is a beginning itself. */
export function limitStepDepth(platform: PlatformEmit, progress: Progress): ChainPosition | Rejection {
  const { rootEventId, causationId, depth, path, organizationId } = platform
  if (rootEventId === null || causationId === null) return { depth, cause: undefined, path }
  const cause: ChainLink = { rootEventId, eventId: causationId, depth: depth - 1, organizationId, path }
  progress.chain = cause
  if (depth > CHAIN_DEPTH_MAX) return refused(cause, 'depth', `has reached its cap of ${CHAIN_DEPTH_MAX}`)
  return { depth, cause, path }
}

function refused({ rootEventId }: ChainLink, rule: string, what: string): Rejection {
  const message = `The chain that began with ${rootEventId} ${what}.`
  return reject('chain_depth_exceeded', message, [{ path: '/chainToken', rule, message }])
}
