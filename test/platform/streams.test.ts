/** Streams of events over HTTP: what a client sees from the first frame to the last, on a whole platform. */

import { describeCalls } from './streams/calls.ts'
import { describeEnds } from './streams/ends.ts'
import { describeReading } from './streams/reading.ts'
import { useStreams } from './streams/set-up.ts'

useStreams()

describeReading()
describeCalls()
describeEnds()
