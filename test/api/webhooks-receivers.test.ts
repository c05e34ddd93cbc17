/** Webhooks and a real receiver: tests, ownership, rotation of secrets, and the original's way of making them. */

import { describeChanges } from './webhooks-receivers/changes.ts'
import { describeOriginals } from './webhooks-receivers/originals.ts'
import { useReceiver } from './webhooks-receivers/set-up.ts'
import { describeTestsOfWebhooks } from './webhooks-receivers/tests-of-webhooks.ts'

useReceiver()

describeTestsOfWebhooks()
describeChanges()
describeOriginals()
