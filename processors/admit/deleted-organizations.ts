/** How long admission goes on knowing an organization that is deleted. */
import { isDeletedFor } from '../../src/control-plane/organizations/deleted-for.ts'
import type { Organization } from '../../src/model/records.ts'

/**
 * What the platform emits for a deleted organization, the word of its end first of all, is taken for so long: far longer than the webhooks that
 * may hear of it are there.
 */
const REACHED_FOR_MS = 5 * 60_000
/** Then its state goes. Later than the last event that may be numbered, so that clocks may differ. */
const FORGOTTEN_AFTER_MS = 10 * 60_000

/** Whether nothing reaches the organization any more. */
export const isOutOfReach = (organization: Organization, nowMs: number): boolean =>
  isDeletedFor(REACHED_FOR_MS, organization, nowMs)

/** Whether nothing need be known of it any more. */
export const isForgotten = (organization: Organization, nowMs: number): boolean =>
  isDeletedFor(FORGOTTEN_AFTER_MS, organization, nowMs)
