/**
 * An application that publishes its events on a bus which its owner chooses: in memory for a test or a single process, a durable one in production.
 * Outside of this repository the import is from '@clarion/bus'.
 */
import { type Bus, createBus, newEvent } from '../src/index.ts'

export const InstanceCreated = 'instance.created'
export const InstanceFailed = 'instance.failed'

export interface Application {
  /** For whoever wants to hear of changes. */
  events: Bus
  createInstance(instance: NewInstance): Promise<string>
  close(): Promise<void>
}

export interface NewInstance {
  tenantId: string
  userId: string
  name: string
  image: string
}

type Option = (settings: { bus?: Bus }) => void

/** Replaces the bus in memory. */
export const withEventBus =
  (bus: Bus): Option =>
  settings => {
    settings.bus = bus
  }

export function createApp(...options: Option[]): Application {
  const settings: { bus?: Bus } = {}
  for (const option of options) option(settings)
  const events = settings.bus ?? createBus()
  let instances = 0
  return {
    events,
    async createInstance({ tenantId, userId, name, image }) {
      const instanceId = `inst_${++instances}`
      const event = newEvent(InstanceCreated, tenantId)
        .withInstance(instanceId)
        .withActor(userId)
        .withPayload({ name, image })
      await events.publish(event)
      return instanceId
    },
    close: () => events.close(),
  }
}
