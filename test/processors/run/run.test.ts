/** `run` on a broker in memory: crashes between every two steps, slots, calls and limits. */

import { describeRequests } from './run/requests.ts'
import { describeStarts } from './run/starts.ts'
import { describeTurns } from './run/turns.ts'

describeStarts()
describeRequests()
describeTurns()
