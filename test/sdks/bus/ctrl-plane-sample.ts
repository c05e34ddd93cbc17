/** The samples of the source document "Events & Webhooks" (Ctrl Plane), from Go to TypeScript. */
import { createApp, InstanceCreated, InstanceFailed, withEventBus } from '../../../sdks/bus/examples/application.ts'
import { type Bus, type Handler, newEvent } from '../../../sdks/bus/src/index.ts'

/** Events are created with a builder pattern. */
export function createEvent(tenantId: string, instanceId: string, userId: string) {
  const evt = newEvent(InstanceCreated, tenantId).withInstance(instanceId).withActor(userId).withPayload({
    name: 'api-server',
    image: 'myapp:v1.0',
  })
  return evt
}

/** Subscribe to events. */
export function subscribe(cp: { events: Bus }, log: { printf(line: string): void }) {
  const sub = cp.events.subscribe(
    evt => {
      log.printf(`instance ${evt.subject}: ${evt.type}`)
    },
    InstanceCreated,
    InstanceFailed,
  )
  return {
    // Later, when you're done:
    done: () => sub.unsubscribe(),
  }
}

/** Subscribe to all events by passing no types. */
export function subscribeToAll(cp: { events: Bus }, handler: Handler) {
  const sub = cp.events.subscribe(handler) // receives everything
  return sub
}

/** Replace the bus in memory with a durable bus for production. */
export function replaceBus(natsEventBus: Bus) {
  const cp = createApp(
    withEventBus(natsEventBus), // or redis, kafka, etc.
  )
  return cp
}
