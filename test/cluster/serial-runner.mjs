import JestRunner from 'jest-runner'

/**
 * Jest runs the files of one runner after those of another: the cluster suite has this one, so that it begins when the other tests have ended, and
 * its files follow one another. Three brokers and two platforms are enough for the machine.
 */
export default class SerialRunner extends JestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context)
  }
}
