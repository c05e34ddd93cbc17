/** Every kind of the reference domain: its transitions, what they announce, and what they refuse. */
import { describeThings } from './transitions/things.ts'
import { describeWatches } from './transitions/watches.ts'

describeThings()
describeWatches()
