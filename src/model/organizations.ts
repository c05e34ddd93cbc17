import type { Compatibility } from './compatibility.ts'
import type { Environment } from './environments.ts'
import type { Plan } from './plans.ts'
import type { Stored } from './stored.ts'

/** `id` = `organizationId`. See docs/specification/organizations.md#organization. */
export interface Organization extends Stored {
  slug: string
  name: string
  plan: Plan
  status: 'active' | 'suspended' | 'deleted'
  ownerEmail: string | null
  namespaceAllowlist: string[]
  /** Partitions of `emits.<org>` and `events.<org>`. */
  partitions: number
  /** Whether the topics of the test environment exist; the first test key creates them. */
  testEnvironment: boolean
  /**
   * A minor must be proved compatible without exception, so an optional property added to an open model is refused.
   * False if absent.
   */
  strictCompatibility?: boolean
  /** Levels and properties of a schema beyond the usual ones, on the plan ENTERPRISE. */
  schemaLimits?: { depth: number; properties: number }
  /** Set by the operator; none if absent. */
  limits?: { emitsPerSecond: number | null }
  /** The rules that minors must hold to; all of them if absent. */
  compatibility?: Compatibility
  /** Lifecycle events that are written to the log whoever selects them, by environment; none if absent. */
  lifecycleNames?: Partial<Record<Environment, string[]>>
  /** Of a deleted organization: when its records and topics had all been removed. Absent before. */
  clearedAt?: string
}
