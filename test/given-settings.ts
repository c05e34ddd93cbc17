/** Settings given to a start, and the problems it finds in them. */
import { readConfig, SettingsError } from '../src/settings/config.ts'

export type Given = Record<string, string>

export const ADMIN_KEY = `ck_admin_${'k'.repeat(43)}`
export const SECRET_KEY = 's'.repeat(43)
export const CLUSTER = { KAFKA_BROKERS: 'kafka:9092', CLARION_ADMIN_KEY: ADMIN_KEY, CLARION_SECRET_KEY: SECRET_KEY }
export const read = (given: Given) => readConfig(given, { environment: { HOME: '/nonexistent' } })

export function problemsOf(given: Given): readonly string[] {
  try {
    read(given)
    return []
  } catch (error) {
    if (error instanceof SettingsError) return error.problems
    throw error
  }
}
