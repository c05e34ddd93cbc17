/** Lists, history, retries and cancellations of deliveries, as a user calls them, on a whole platform. */
import { describeCallsByHand } from './deliveries/by-hand.ts'
import { describeDeadLetters } from './deliveries/dead-letters.ts'
import { describeEndpoints } from './deliveries/endpoints.ts'
import { useDeliveries } from './deliveries/set-up.ts'

useDeliveries()

describeCallsByHand()
describeDeadLetters()
describeEndpoints()
