/** The kits whose languages are on this machine. */
import { join } from 'node:path'
import type { Kit } from '../../../sdks/contract/kit.ts'
import { goKit, pythonKit, typescriptKit } from '../../../sdks/contract/kits.ts'
import { cacheDirectory } from '../../../src/settings/config.ts'

export interface Kits {
  all: Kit[]
  /** Languages that are not here: their part is not run. */
  missing: string[]
}

export async function openKits(): Promise<Kits> {
  const cache = join(cacheDirectory(), 'contract')
  const [python, go] = await Promise.all([pythonKit(cache), goKit(cache)])
  const missing = [...(python === undefined ? ['Python'] : []), ...(go === undefined ? ['Go'] : [])]
  return { all: [typescriptKit, python, go].filter(kit => kit !== undefined), missing }
}
