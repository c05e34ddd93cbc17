/** A group removes a member after this long without a heartbeat; a lease is valid for as long. */
export const SESSION_MS = 6_000
