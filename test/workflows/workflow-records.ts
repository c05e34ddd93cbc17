/** Records of workflows for tests. */
import type { Workflow } from '../../src/model/workflows.ts'

let made = 0

/** Deployed, active and started by hand unless said. */
export function workflowOf(fields: Partial<Workflow> = {}): Workflow {
  made++
  const time = new Date(1_760_000_000_000 + made).toISOString()
  return {
    ...{ id: `wf_${String(made).padStart(26, '0')}`, organizationId: 'org_a', environment: 'live', revision: 1 },
    ...{ createdAt: time, updatedAt: time, name: 'w', description: null, trigger: { kind: 'manual' }, active: true },
    ...{ allowSelfTrigger: false, priority: 0, cooldownSeconds: null, maxRunsPerDay: null, concurrency: null },
    ...{ timeoutSeconds: 300, strict: false, recordSkips: false, catchUp: 'last', draft: null },
    deployed: { version: 1, hash: 'h', deployedAt: time, deployedBy: 'key_a' },
    ...{ firstVersion: 1, lastVersion: 1, deletedAt: null },
    ...fields,
  }
}
