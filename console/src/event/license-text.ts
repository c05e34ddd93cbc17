import type { Listing } from '../api/automate-types.ts'
import { w } from '../words/words.ts'

export const licenseText = (license: Listing['license']): string =>
  license === null ? w.marketplace.noLicense : (license.spdx ?? w.marketplace.customLicense)
