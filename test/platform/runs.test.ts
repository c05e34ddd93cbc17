/** Runs of workflows on a whole platform: from an event to what leaves it, and what history says of it. */

import { describeLives } from './runs/lives.ts'
import { describeSteps } from './runs/steps.ts'

describeSteps()
describeLives()
