/** The two keys that an installation of one machine makes for itself, once (C.0.6). */
import { join } from 'node:path'
import type { Random } from '../clock.ts'
import { holdDirectory, readJson, writePrivate } from './part-directory.ts'

export interface InstallationKeys {
  /** The operator's key, `ck_admin_` and 43 letters, digits, `-` or `_`. */
  adminKey: string
  /** Encrypts stored secrets and signs tags. */
  secretKey: string
}

/** The keys kept in the data directory (file mode 0600), made on first use. Safe when several processes start at once. */
export async function loadOrCreateKeys(dataDir: string, random: Random): Promise<InstallationKeys> {
  const path = join(dataDir, 'keys.json')
  const known = readJson<InstallationKeys>(path)
  if (known) return known
  const held = await holdDirectory(join(dataDir, 'making-keys'), { info: () => {}, warn: () => {} })
  try {
    const meanwhile = readJson<InstallationKeys>(path)
    if (meanwhile) return meanwhile
    const secret = () => random.bytes(32).toString('base64url')
    const keys = { adminKey: `ck_admin_${secret()}`, secretKey: secret() }
    writePrivate(path, JSON.stringify(keys, undefined, 2))
    return keys
  } finally {
    held.release()
  }
}
