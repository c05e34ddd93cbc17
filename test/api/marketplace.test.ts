/** The marketplace as callers meet it: offering, browsing, forking, and what each side sees of the other. */
import { describeOffers } from './marketplace/offers.ts'
import { describeRules } from './marketplace/rules.ts'

describeOffers()
describeRules()
