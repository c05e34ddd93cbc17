/**
 * Limits of tests only stop what hangs: how long a test may take says nothing about the platform, and much about the machine. All of them are
 * multiplied by one factor, here and in `patient-environment.mjs`.
 */

/** `CLARION_TEST_PATIENCE`; 5 where `CI` is set, 2 otherwise. */
export const PATIENCE = Number(process.env.CLARION_TEST_PATIENCE || (process.env.CI ? 5 : 2))

/** A limit, in milliseconds or in tries, on this machine. */
export const patient = (limit: number): number => limit * PATIENCE
