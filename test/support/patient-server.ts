/**
 * Servers and clients of a test share a process. A server that lets go of an idle connection after Node's five seconds does so before a client
 * that the same busy process kept from noticing: its next call fails with "other side closed".
 */
export const PATIENT_SERVER = { keepAliveTimeout: 0 } as const
