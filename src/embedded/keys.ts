/**
 * The two keys that a single-machine installation generates once, and the fingerprints of the secret keys that its log
 * depends on.
 */
import { join } from 'node:path'
import type { Random } from '../clock.ts'
import { adviceFor } from './data-files.ts'
import { holdDirectory } from './part-directory.ts'
import { isRecord, readStored, type StoredFile, writePrivate } from './stored-files.ts'

export interface InstallationKeys {
  /** The operator's key, `ck_admin_` and 43 letters, digits, `-` or `_`. */
  adminKey: string
  /** Encrypts stored secrets and signs tags. */
  secretKey: string
}

export const keysFile = (dataDir: string): StoredFile<InstallationKeys> => ({
  path: join(dataDir, 'keys.json'),
  advice: adviceFor('keys.json'),
  holds: (value): value is InstallationKeys => isRecord(value) && isKey(value.adminKey) && isKey(value.secretKey),
})

const isKey = (value: unknown): boolean => typeof value === 'string' && value.length >= 16

/** The keys in the data directory (file mode 0600), created on first use. Safe when several processes start at once. */
export async function loadOrCreateKeys(dataDir: string, random: Random): Promise<InstallationKeys> {
  const file = keysFile(dataDir)
  const known = readStored(file)
  if (known) return known
  const held = await holdDirectory(join(dataDir, 'making-keys'), { info: () => {}, warn: () => {} })
  try {
    const meanwhile = readStored(file)
    if (meanwhile) return meanwhile
    const secret = () => random.bytes(32).toString('base64url')
    const keys = { adminKey: `ck_admin_${secret()}`, secretKey: secret() }
    writePrivate(file.path, JSON.stringify(keys, undefined, 2))
    return keys
  } finally {
    held.release()
  }
}

/**
 * Stored beside the embedded broker's log, so that a wrong key is detected before anything starts; the log itself
 * contains them too.
 */
export const keyIdsFile = (dataDir: string): StoredFile<string[]> => ({
  path: join(dataDir, 'kafka', 'secret-key-ids.json'),
  advice: adviceFor('kafka/secret-key-ids.json'),
  holds: (value): value is string[] =>
    Array.isArray(value) && value.length > 0 && value.every(each => typeof each === 'string'),
})
