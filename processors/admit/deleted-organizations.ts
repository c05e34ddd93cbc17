/** How long admission keeps a deleted organization in its state. */
import { isDeletedFor } from '../../src/control-plane/organizations/deleted-for.ts'
import type { Organization } from '../../src/model/organizations.ts'

/**
 * Platform emits for a deleted organization, its deletion event first of all, are accepted for this time: far longer
 * than the deletion grace period of its webhooks.
 */
const REACHED_FOR_MS = 5 * 60_000
/**
 * After this time its state is removed. Later than the last event that may be numbered, to allow for clocks that
 * differ.
 */
const FORGOTTEN_AFTER_MS = 10 * 60_000

/** Whether no event reaches the organization any more. */
export const isOutOfReach = (organization: Organization, nowMs: number): boolean =>
  isDeletedFor(REACHED_FOR_MS, organization, nowMs)

/** Whether its state may be removed. */
export const isForgotten = (organization: Organization, nowMs: number): boolean =>
  isDeletedFor(FORGOTTEN_AFTER_MS, organization, nowMs)
