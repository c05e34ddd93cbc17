/** For so long a group keeps the place of a member that says nothing; so old a lease may be. */
export const SESSION_MS = 6_000
