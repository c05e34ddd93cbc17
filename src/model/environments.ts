/** The two environments of an organization, and whose an event, a key or a webhook is. */

export const ENVIRONMENTS = ['live', 'test'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** One environment of one organization. Emits and deliveries of one are invisible in the other. */
export interface Owner {
  organizationId: string
  environment: Environment
}
