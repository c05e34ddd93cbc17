/** Metrics of what the registry is watched for: listings of the marketplace, and drift. */
import { isOpen } from '../control-plane/drift/reconcile.ts'
import type { DriftFinding } from '../model/drift.ts'
import { PLATFORM } from '../model/names.ts'
import type { Parts } from './parts.ts'

export function showRegistry({ metrics, view }: Parts): void {
  metrics.gauge('clarion_marketplace_listings', 'Published listings of the marketplace.', () => {
    return view.marketplace.listings().filter(({ status }) => status === 'published').length
  })
  metrics.gauge(
    'clarion_drift_critical_findings',
    'Critical findings of drift that are open, of all organizations.',
    () => {
      const owners = [PLATFORM, ...[...view.organizations()].map(({ id }) => id)]
      return owners.flatMap(id => view.list('drift-finding', id)).filter(isCritical).length
    },
  )
}

const isCritical = (finding: DriftFinding): boolean => finding.severity === 'critical' && isOpen(finding)
