import { CHAIN_DEPTH_MAX, type ChainLink, type ChainTokens } from '../../src/events/chain.ts'
import { type Emit, type Progress, type Rejection, reject } from './emit.ts'

export interface ChainPosition {
  depth: number
  cause: ChainLink | undefined
}

/** C.11.4 step 12, D-15: depths 0 to 50 exist. A token that is not ours counts for nothing: the emit is from outside, at depth 0. */
export function limitChainDepth(emit: Emit, progress: Progress, chains: ChainTokens): ChainPosition | Rejection {
  const { chainToken } = emit.request
  const cause = chainToken === undefined ? undefined : chains.verify(chainToken)
  if (!cause) return { depth: 0, cause: undefined }
  progress.chain = cause
  const depth = cause.depth + 1
  if (depth > CHAIN_DEPTH_MAX)
    return reject('chain_depth_exceeded', `The chain that began with ${cause.rootEventId} has reached its cap of ${CHAIN_DEPTH_MAX}.`)
  return { depth, cause }
}
