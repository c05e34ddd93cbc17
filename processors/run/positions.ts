/** How far the inputs of `run` have been settled. */
import type { ShardHandle } from '../../src/kafka/ports.ts'
import { createPositions as createPositionsIn, type Positions } from '../../src/kafka/runtime/positions.ts'
import { runPositionCodec, runState, runStateKeys } from '../../topics/run-state.ts'

export type { Positions }

export const createPositions = (handle: ShardHandle): Positions =>
  createPositionsIn(handle, { stateTopic: runState.name, key: runStateKeys.position, codec: runPositionCodec })
