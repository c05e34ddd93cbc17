/** Reading the log in pages, over HTTP, on logs that the test writes itself. */

import { describeCallers } from './pull/callers.ts'
import { describePages } from './pull/pages.ts'
import { describePlaces } from './pull/places.ts'
import { describeSelection } from './pull/selection.ts'
import { usePulls } from './pull/set-up.ts'
import { describeWaits } from './pull/waits.ts'

usePulls()

describePages()
describeSelection()
describePlaces()
describeWaits()
describeCallers()
