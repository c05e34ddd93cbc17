/** The calls of a shard. One that is newer than this process's view of the control plane waits for the view. */
import type { LogRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { Positions } from '../../src/kafka/runtime/positions.ts'
import { type QueueCommand, queueCommandCodec, queuesCommands } from '../../topics/queues-commands.ts'
import type { Answers } from './answers.ts'
import type { Calls } from './calls.ts'
import type { QueueDependencies } from './dependencies.ts'

export interface Inputs {
  start(): void
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  close(): void
}

/** Then a call is settled by the view as it is. */
const CONTROL_WAIT_MS = 2_000

export function createInputs(context: {
  handle: ShardHandle
  deps: Pick<QueueDependencies, 'view' | 'logger'>
  positions: Positions
  calls: Calls
  answers: Pick<Answers, 'handedOver'>
}): Inputs {
  const { handle, positions, calls, answers } = context
  const { view, logger } = context.deps
  const { name: topic } = queuesCommands
  let hasWaited = -1
  let isClosed = false

  function read({ offset, value }: LogRecord, isolated: boolean): QueueCommand | undefined {
    try {
      return queueCommandCodec.decode(value!)
    } catch (error) {
      if (!isolated) throw error
      logger.error({ topic, offset, error: String(error) }, 'a call of a queue cannot be read; it is passed over')
      return undefined
    }
  }

  function mustWait({ partition, offset }: LogRecord, { controlOffset }: QueueCommand, left: number): boolean {
    if (controlOffset <= view.appliedOffset || hasWaited === offset) return false
    handle.pause(topic, partition, left)
    void view.waitFor(controlOffset, CONTROL_WAIT_MS).then(() => {
      if (isClosed) return
      hasWaited = offset
      handle.resume(topic, partition)
    })
    return true
  }

  /** One that fails by itself is passed over: its caller gets no answer, and the others go on. */
  function settle(command: QueueCommand, isolated: boolean): void {
    try {
      calls.settle(command)
    } catch (error) {
      if (!isolated) throw error
      const { call, queueId } = command
      logger.error({ call, queueId, error: String(error) }, 'a call of a queue fails; it is passed over')
    }
  }

  return {
    start() {
      const from = positions.from(topic)
      // A shard that was never called leaves no caller waiting.
      if (from !== 'earliest') answers.handedOver(from)
      handle.assign(topic, handle.shard, from, positions.known(topic))
    },
    receive(records, nextOffset, isolated) {
      for (const [index, record] of records.entries()) {
        const command = read(record, isolated)
        if (command !== undefined && mustWait(record, command, records.length - index)) break
        if (command !== undefined) settle(command, isolated)
        positions.advance(topic, index === records.length - 1 ? nextOffset : record.offset + 1)
      }
      handle.write([])
    },
    close() {
      isClosed = true
    },
  }
}
