/** What would happen, and why it did: dry emits, versions compared, and the webhooks that got an event or did not. */

import { describeAfter } from './emit-preview/after.ts'
import { describeBefore } from './emit-preview/before.ts'

describeBefore()
describeAfter()
