/** The handlers of what organizations share with each other, and of what drifts apart. */
import type { ControlPlane } from '../control-plane/control-plane.ts'
import { createDriftHandlers } from './drift/handlers.ts'
import { createFederationHandlers } from './federation/handlers.ts'
import { createRelayHandlers } from './federation/relays.ts'
import { createMarketplaceHandlers } from './marketplace/handlers.ts'

type Deps = Omit<Parameters<typeof createFederationHandlers>[0], 'federation'> &
  Parameters<typeof createRelayHandlers>[0] & { controlPlane: ControlPlane }

export function createSharingHandlers({ controlPlane, ...deps }: Deps) {
  const { federation, marketplace, drift } = controlPlane
  const { view } = deps
  return {
    federation: createFederationHandlers({ ...deps, federation }),
    relays: createRelayHandlers(deps),
    marketplace: createMarketplaceHandlers({ marketplace, view }),
    drift: createDriftHandlers({ drift, view }),
  }
}
