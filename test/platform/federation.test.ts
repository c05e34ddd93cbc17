/** Federation on a whole platform: what a peer gets, once, under its own name; what it does not get, and where that is written down. */
import { describe } from '@jest/globals'
import { arrivals } from './federation/arrivals.ts'
import { limits } from './federation/limits.ts'
import { describeNotices } from './federation/notices.ts'
import { describePeers } from './federation/peers.ts'
import { useFederation } from './federation/set-up.ts'

useFederation()

describe('an event that is shared', () => {
  arrivals()
  limits()
})
describePeers()
describeNotices()
