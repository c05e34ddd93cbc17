import { describeBounds } from './interpreter/bounds.ts'
import { describeEnds } from './interpreter/ends.ts'

describeEnds()
describeBounds()
