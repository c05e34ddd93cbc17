/** Routes of queues. Literal paths come before `/:id`. */
import type { Route } from '../http/route.ts'
import { deleted, list, routesWith } from '../http/route-table.ts'
import type { createQueueHandlers } from './handlers.ts'
import type { createMessageHandlers } from './message-handlers.ts'
import * as schemas from './schemas.ts'

export interface QueueHandlers {
  queues: ReturnType<typeof createQueueHandlers>
  queueMessages: ReturnType<typeof createMessageHandlers>
}

const manages = routesWith('queues:manage')
const receives = routesWith('queues:receive', { rate: 'queueCallsPerS' })

// biome-ignore format: a table
export function createQueueRoutes({ queues: on, queueMessages: messages }: QueueHandlers): Route[] {
  const path = '/api/v1/queues'
  const { queue, settled } = schemas
  return [
    manages('POST', path, 'Make a queue.', { body: schemas.newQueue, answer: queue, status: 201 }, on.create),
    manages('GET', path, 'List queues, newest first.', list(queue), on.list),
    manages('GET', `${path}/:id`, 'One queue.', { answer: queue }, on.get),
    manages('PATCH', `${path}/:id`, 'Change a queue.', { body: schemas.queuePatch, answer: queue }, on.patch),
    manages('DELETE', `${path}/:id`, 'Delete a queue.', { query: schemas.deleteQuery, answer: deleted }, on.delete),
    receives('POST', `${path}/:id/receive`, 'Receive messages under a lease.', { body: schemas.receiveOrder, bodyOptional: true, answer: schemas.received, isStream: true }, messages.receive),
    receives('POST', `${path}/:id/ack`, 'Settle messages: they never come again.', { body: schemas.ackOrder, answer: settled }, messages.ack),
    receives('POST', `${path}/:id/nack`, 'Give messages back, or reject them.', { body: schemas.nackOrder, answer: settled }, messages.nack),
    receives('POST', `${path}/:id/extend`, 'Extend leases, from now on.', { body: schemas.extendOrder, answer: settled }, messages.extend),
    receives('GET', `${path}/:id/stats`, 'Counts of a queue.', { answer: schemas.stats }, messages.stats),
    manages('GET', `${path}/:id/peek`, 'The messages that are due next; nothing changes.', { query: schemas.peekQuery, answer: schemas.peeked }, messages.peek),
    manages('GET', `${path}/:id/dead`, 'List dead letters, oldest first.', list(schemas.deadLetter), messages.dead),
    manages('POST', `${path}/:id/redrive`, 'Hand dead letters out again; they count from 0.', { body: schemas.redriveOrder, answer: schemas.redriven }, messages.redrive),
    manages('POST', `${path}/:id/purge`, 'Empty a queue, or its dead list.', { body: schemas.purgeOrder, bodyOptional: true, answer: schemas.purged }, messages.purge),
  ]
}
