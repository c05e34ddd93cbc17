/**
 * A request that follows from a delivery hands on the delivery's `X-Event-Chain`: the run takes the place in the chain
 * that a run of the delivered event would have, so loops through routes end as those through emits do.
 */
import type { IncomingMessage } from 'node:http'
import { CHAIN_REPEATS_MAX, type ChainTokens, mostRepeated } from '../../events/chain.ts'
import { ClarionError } from '../../model/codes.ts'

/** The part of a run's trigger that says where in a chain it is. */
export interface ChainPlace {
  eventId: string
  rootEventId: string
  depth: number
  path: string[]
}

/** Undefined: a beginning. A token that this installation did not sign counts for nothing. Throws `chain_depth_exceeded`. */
export function chainOf({ headers }: IncomingMessage, chains: Pick<ChainTokens, 'verify'>): ChainPlace | undefined {
  const token = headers['x-event-chain']
  const link = typeof token === 'string' ? chains.verify(token) : undefined
  if (link === undefined) return undefined
  const { eventId, rootEventId, depth, path } = link
  const repeated = mostRepeated(path)
  if (repeated === undefined) return { eventId, rootEventId, depth, path }
  const message = `The chain that began with ${rootEventId} has come through ${repeated} ${CHAIN_REPEATS_MAX} times.`
  const details = [{ path: '/headers/x-event-chain', rule: 'path', message }]
  throw new ClarionError('chain_depth_exceeded', message, { details })
}
