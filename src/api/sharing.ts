/** The handlers of what organizations share with each other, and of what drifts apart. */
import type { LedgerReads } from '../analytics/read/ledger-reads.ts'
import type { ControlPlane } from '../control-plane/control-plane.ts'
import { createDriftHandlers } from './drift/handlers.ts'
import { createFederationHandlers } from './federation/handlers.ts'
import { createRelayHandlers } from './federation/relays.ts'
import { createLedgerHandlers } from './ledger/handlers.ts'
import { createMarketplaceHandlers } from './marketplace/handlers.ts'

type Deps = Omit<Parameters<typeof createFederationHandlers>[0], 'federation'> &
  Parameters<typeof createRelayHandlers>[0] &
  Omit<Parameters<typeof createLedgerHandlers>[0], 'reads'> & { controlPlane: ControlPlane; ledgerReads: LedgerReads }

export function createSharingHandlers({ controlPlane, ledgerReads, ...deps }: Deps) {
  const { federation, marketplace, drift } = controlPlane
  const { view } = deps
  return {
    federation: createFederationHandlers({ ...deps, federation }),
    relays: createRelayHandlers(deps),
    marketplace: createMarketplaceHandlers({ marketplace, view }),
    drift: createDriftHandlers({ drift, view }),
    ledger: createLedgerHandlers({ ...deps, reads: ledgerReads }),
  }
}
